# Installs headers, libraries and the package that `find_package(mqtt_as)` reads.
include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/mqtt_as)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.hpp)
install(TARGETS mqtt_as_engine EXPORT mqtt_as_targets)
if(MQTT_AS_ASIO)
    install(TARGETS mqtt_as mqtt_as_testing EXPORT mqtt_as_targets)
endif()
install(EXPORT mqtt_as_targets NAMESPACE mqtt_as:: DESTINATION ${package_folder})

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/mqtt_as-config.cmake.in
    ${PROJECT_BINARY_DIR}/mqtt_as-config.cmake INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/mqtt_as-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/mqtt_as-config.cmake ${PROJECT_BINARY_DIR}/mqtt_as-config-version.cmake
    DESTINATION ${package_folder})
