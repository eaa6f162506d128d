# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` puts where: the headers, both libraries, the command, and how others find
# them (find_package(weir) and pkg-config). The tree may be moved as a whole afterwards.
include(CMakePackageConfigHelpers)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/weir)

# codegen.h belongs to a library that is not installed.
install(DIRECTORY include/weir DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} PATTERN codegen.h EXCLUDE)
install(TARGETS weir weir_static weir_workflow weir_workflow_static weir_command EXPORT weir
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET weir_kafka)
    install(TARGETS weir_kafka EXPORT weir LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
install(EXPORT weir NAMESPACE weir:: FILE weirTargets.cmake DESTINATION ${package_folder})

configure_package_config_file(cmake/weirConfig.cmake.in ${PROJECT_BINARY_DIR}/weirConfig.cmake
    INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/weirConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/weirConfig.cmake ${PROJECT_BINARY_DIR}/weirConfigVersion.cmake
    cmake/WeirModule.cmake cmake/FindLibev.cmake
    DESTINATION ${package_folder})

# From the folder of weir.pc to the root of the tree.
file(RELATIVE_PATH pc_to_root /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/weir.pc.in ${PROJECT_BINARY_DIR}/weir.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/weir.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

set(pages ${PROJECT_BINARY_DIR}/cli)
install(FILES ${pages}/weir.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${pages}/weir.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
    RENAME weir)
install(FILES ${pages}/_weir DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${pages}/weir.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
