# SPDX-License-Identifier: Apache-2.0
# weir_flags: what every target of ours is compiled with. weir_room: one folder of libweir.

add_library(weir_flags INTERFACE)
target_compile_features(weir_flags INTERFACE c_std_17)
target_compile_definitions(weir_flags INTERFACE _GNU_SOURCE)
target_compile_options(weir_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wwrite-strings
    -Wundef -Wvla -Wformat=2 -Wnull-dereference -Wdouble-promotion -Wswitch-enum
    -Wimplicit-fallthrough -Wredundant-decls
    $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes> $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes>
    $<$<COMPILE_LANGUAGE:C>:-Wold-style-definition>
    $<$<C_COMPILER_ID:GNU>:-Wformat-signedness> $<$<C_COMPILER_ID:GNU>:-Wlogical-op>
    $<$<C_COMPILER_ID:GNU>:-Wduplicated-cond> $<$<C_COMPILER_ID:GNU>:-Wduplicated-branches>
    $<$<C_COMPILER_ID:GNU>:-Wcast-align=strict> $<$<C_COMPILER_ID:GNU>:-Walloc-zero>
    # The same floating-point results from every compiler and machine.
    -ffp-contract=off -fno-common -fstack-protector-strong -fcf-protection)
target_link_options(weir_flags INTERFACE -Wl,-z,relro,-z,now)

if(WEIR_WERROR)
    target_compile_options(weir_flags INTERFACE -Werror)
endif()
if(WEIR_SANITIZE)
    target_compile_options(weir_flags INTERFACE -fsanitize=${WEIR_SANITIZE}
        -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(weir_flags INTERFACE -fsanitize=${WEIR_SANITIZE})
else()
    target_compile_options(weir_flags INTERFACE -fstack-clash-protection
        $<$<CONFIG:Release>:-U_FORTIFY_SOURCE> $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=3>)
endif()
if(WEIR_COVERAGE)
    target_compile_options(weir_flags INTERFACE --coverage -O0)
    target_link_options(weir_flags INTERFACE --coverage)
endif()
if(WEIR_FUZZ)
    target_compile_options(weir_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# weir_room(NAME FILES...): an object library that libweir is put together from.
function(weir_room name)
    add_library(weir_${name} OBJECT ${ARGN})
    target_include_directories(weir_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include
        ${PROJECT_SOURCE_DIR})
    target_link_libraries(weir_${name} PRIVATE weir_flags PUBLIC Libev::Libev Threads::Threads)
    target_compile_definitions(weir_${name} PRIVATE WEIR_BUILDING)
    set_property(GLOBAL APPEND PROPERTY WEIR_ROOMS weir_${name})
endfunction()
