/* SPDX-License-Identifier: Apache-2.0 */
/* main.cpp - a graph on the program's own epoll loop, beside what else the program waits for.
 *
 * The runtime is one more descriptor: when it is readable, weir_runtime_poll does what is due. It
 * needs no thread, and the callbacks run where the loop runs.
 */
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

#include <weir/weir.h>

#include "sensor.weir.h"

namespace
{

struct runtime_free {
    void operator()(weir_runtime *runtime) const
    {
        weir_runtime_free(runtime);
    }
};
using runtime_ptr = std::unique_ptr<weir_runtime, runtime_free>;

/* A status that is not WEIR_OK becomes an exception with the error's sentence. */
void check(weir_status status, weir_error *error)
{
    std::string message = error != nullptr ? weir_error_message(error) : weir_status_text(status);

    weir_error_free(error);
    if (status != WEIR_OK)
        throw std::runtime_error(message);
}

runtime_ptr make_runtime()
{
    weir_runtime *made = nullptr;
    weir_error *error = nullptr;

    check(weir_runtime_new(nullptr, &made, &error), error);
    runtime_ptr runtime(made);
    error = nullptr;
    check(weir_runtime_load(made, &sensor_module, &error), error);
    check(sensor_on_means(
              made,
              [](const sensor_mean *mean, void *) {
                  std::printf("%.2f from %u readings\n", mean->celsius, mean->readings);
              },
              nullptr),
          nullptr);
    return runtime;
}

class loop
{
  public:
    explicit loop(weir_runtime *runtime) : runtime_(runtime)
    {
        weir_error *error = nullptr;
        int fd = weir_runtime_fd(runtime, &error);
        check(fd >= 0 ? WEIR_OK : weir_error_status(error), error);

        itimerspec every_millisecond = {{0, 1000000}, {0, 1000000}};
        timerfd_settime(timer_, 0, &every_millisecond, nullptr);
        watch(fd);
        watch(timer_);
    }
    ~loop()
    {
        close(timer_);
        close(epoll_);
    }
    loop(const loop &) = delete;
    loop &operator=(const loop &) = delete;

    void run()
    {
        while (!ended_) {
            epoll_event event = {};
            if (epoll_wait(epoll_, &event, 1, -1) < 1)
                continue;
            if (event.data.fd == timer_)
                measure();
            else
                poll();
        }
    }

  private:
    void watch(int fd)
    {
        epoll_event event = {};
        event.events = EPOLLIN;
        event.data.fd = fd;
        if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0)
            throw std::runtime_error("cannot watch a descriptor");
    }

    /* The program's own work: it reads a sensor, and pushes what it read. */
    void measure()
    {
        uint64_t ticks = 0;
        weir_error *error = nullptr;

        if (read(timer_, &ticks, sizeof ticks) < 0 || measured_ == 10)
            return;
        sensor_reading reading = {20.0 + measured_++};
        check(sensor_push_readings(runtime_, &reading, &error), error);
        if (measured_ == 10)
            check(sensor_close_readings(runtime_, &error), error);
    }

    void poll()
    {
        weir_error *error = nullptr;
        weir_status status = weir_runtime_poll(runtime_, &error);

        ended_ = status == WEIR_CLOSED;
        check(ended_ ? WEIR_OK : status, error);
    }

    weir_runtime *runtime_;
    int epoll_ = epoll_create1(EPOLL_CLOEXEC);
    int timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    int measured_ = 0;
    bool ended_ = false;
};

} // namespace

int main()
{
    try {
        runtime_ptr runtime = make_runtime();
        loop(runtime.get()).run();
    } catch (const std::exception &exception) {
        std::fprintf(stderr, "embed_cpp: %s\n", exception.what());
        return 1;
    }
    return 0;
}
