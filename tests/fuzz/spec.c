/* SPDX-License-Identifier: Apache-2.0 */
/* spec.c - any bytes as a spec file: they are refused with a place, or become C. */
#include <sys/mman.h>
#include <unistd.h>

#include "codegen/emit/module.h"
#include "tests/fuzz/fuzz.h"
#include <weir/codegen.h>

/* Some broken YAML makes libfyaml 0.7.12 forget memory of its own. That we free every document is
 * seen by the tests in tests/codegen, which know no such leave. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfyaml";
}

static void check_diagnostics(const weir_diagnostics *diagnostics, weir_status status)
{
    size_t count = weir_diagnostics_count(diagnostics);
    char *text = weir_diagnostics_text(diagnostics);

    FUZZ_HOLD((status == WEIR_OK) == (weir_diagnostics_error_count(diagnostics) == 0));
    FUZZ_HOLD(status == WEIR_OK || status == WEIR_SPEC);
    FUZZ_HOLD(text != NULL);
    for (size_t i = 0; i < count; i++) {
        const weir_diagnostic *found = weir_diagnostics_get(diagnostics, i);
        FUZZ_HOLD(found->message[0] != '\0' && found->place.line > 0 && found->place.column > 0);
    }
    weir_free(text);
}

static void check_generated(const weir_spec *model)
{
    weir_buffer header = {0}, source = {0}, scaffold = {0};

    FUZZ_HOLD(emit_header(model, &header) && emit_source(model, "m.weir.h", &source) &&
              emit_scaffold(model, "m.weir.h", &scaffold));
    FUZZ_HOLD(strlen(header.data) == header.size && strlen(source.data) == source.size);
    weir_buffer_free(&header);
    weir_buffer_free(&source);
    weir_buffer_free(&scaffold);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    weir_diagnostics *diagnostics;
    weir_spec *model;
    char path[64];
    int file = memfd_create("spec", MFD_CLOEXEC);

    FUZZ_HOLD(file >= 0 && write(file, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    weir_status status = weir_spec_load(path, weir_builtin_catalog(), &model, &diagnostics, NULL);
    check_diagnostics(diagnostics, status);
    if (status == WEIR_OK)
        check_generated(model);
    weir_spec_free(model);
    weir_diagnostics_free(diagnostics);
    close(file);
    return 0;
}
