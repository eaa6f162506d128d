# SPDX-License-Identifier: Apache-2.0
# libweir, put together from its rooms: shared for users, static for users and the tests.
get_property(rooms GLOBAL PROPERTY WEIR_ROOMS)
set(objects "")
foreach(room ${rooms})
    list(APPEND objects $<TARGET_OBJECTS:${room}>)
endforeach()

add_library(weir SHARED ${objects})
add_library(weir_static STATIC ${objects})
# Before 1.0 a minor version may change the ABI, so its number is part of the library's name.
set_target_properties(weir PROPERTIES VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR} LINKER_LANGUAGE C)
set_target_properties(weir_static PROPERTIES OUTPUT_NAME weir EXPORT_NAME static LINKER_LANGUAGE C)
target_link_libraries(weir PRIVATE weir_flags)
foreach(library weir weir_static)
    target_include_directories(${library} PUBLIC
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_link_libraries(${library} PRIVATE Libev::Libev Threads::Threads)
endforeach()
add_library(weir::weir ALIAS weir)
add_library(weir::static ALIAS weir_static)
