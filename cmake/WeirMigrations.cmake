# SPDX-License-Identifier: Apache-2.0
# weir_migrations(KIND OUTPUT FOLDER): the numbered SQL files of FOLDER as the table KIND_migrations in
# C. Bytes, since a literal of C may not be as long.
function(weir_migrations kind output folder)
    file(GLOB files CONFIGURE_DEPENDS ${folder}/*.sql)
    list(SORT files)
    set(texts "")
    set(rows "")
    set(number 0)
    foreach(file ${files})
        math(EXPR number "${number} + 1")
        get_filename_component(name ${file} NAME_WE)
        if(NOT name MATCHES "^0*${number}_")
            message(FATAL_ERROR "${file}: the migrations are to be numbered 0001, 0002 and so on")
        endif()
        file(READ ${file} hex HEX)
        string(REGEX REPLACE "(................................)" "\\1\n    " hex "${hex}")
        string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1', " hex "${hex}")
        string(APPEND texts "static const char text${number}[] = {\n    ${hex}0};\n")
        string(APPEND rows "    {${number}, \"${name}\", text${number}},\n")
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    endforeach()
    file(CONFIGURE OUTPUT ${output} CONTENT "/* Generated from store/migrations. */
#include \"store/migration.h\"

extern const store_migration ${kind}_migrations[];
extern const int ${kind}_migration_count;

${texts}
const store_migration ${kind}_migrations[] = {
${rows}};
const int ${kind}_migration_count = ${number};
")
endfunction()
