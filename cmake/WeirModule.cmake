# SPDX-License-Identifier: Apache-2.0
# weir_add_module(NAME SPEC FILE.weir.yaml [SOURCES FILE.c ...] [STATIC])
#
# Generates NAME.weir.h and NAME.weir.c from the spec, whose `module:` is NAME, at build time and
# again when the spec or one of its imports changes. The library target NAME holds them and the node
# functions in SOURCES; who links it sees NAME.weir.h. STATIC links libweir.a instead of libweir.so.
function(weir_add_module name)
    cmake_parse_arguments(PARSE_ARGV 1 MODULE "STATIC" "SPEC" "SOURCES")
    if(NOT MODULE_SPEC OR MODULE_UNPARSED_ARGUMENTS OR MODULE_KEYWORDS_MISSING_VALUES)
        message(FATAL_ERROR
            "usage: weir_add_module(NAME SPEC FILE.weir.yaml [SOURCES FILE.c ...] [STATIC])")
    endif()
    get_filename_component(spec ${MODULE_SPEC} ABSOLUTE)
    weir_check_module_name(${name} "${spec}")

    set(folder "${CMAKE_CURRENT_BINARY_DIR}/${name}.weir")
    file(MAKE_DIRECTORY "${folder}")
    add_custom_command(
        OUTPUT "${folder}/${name}.weir.c" "${folder}/${name}.weir.h"
        COMMAND "$<TARGET_FILE:weir::command>" gen --quiet --output "${folder}"
            --depfile "${folder}/${name}.d" "${spec}"
        DEPENDS "${spec}" "$<TARGET_FILE:weir::command>"
        DEPFILE "${folder}/${name}.d"
        COMMENT "Generating ${name} from ${MODULE_SPEC}"
        VERBATIM)

    add_library(${name} STATIC "${folder}/${name}.weir.c" "${folder}/${name}.weir.h"
        ${MODULE_SOURCES})
    target_include_directories(${name} PUBLIC "${folder}")
    target_compile_features(${name} PUBLIC c_std_17)
    # The same floating-point results from every compiler and machine.
    target_compile_options(${name} PRIVATE -ffp-contract=off)
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    if(MODULE_STATIC)
        target_link_libraries(${name} PUBLIC weir::static)
    else()
        target_link_libraries(${name} PUBLIC weir::weir)
    endif()
endfunction()

# The names of the generated files come from the spec, so a name that differs is told here and not
# as a missing file in the middle of a build.
function(weir_check_module_name name spec)
    file(STRINGS "${spec}" line REGEX "^module:" LIMIT_COUNT 1)
    if(line MATCHES "^module:[ \t]*[\"']?([A-Za-z0-9_]+)" AND NOT CMAKE_MATCH_1 STREQUAL name)
        message(FATAL_ERROR "weir_add_module(${name}): the module in ${spec} is called "
            "'${CMAKE_MATCH_1}'; give the target that name")
    endif()
endfunction()
