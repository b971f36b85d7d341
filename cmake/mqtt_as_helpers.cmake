# Small functions that the CMakeLists files below share.
include_guard()
include(GoogleTest)

# A GoogleTest program: add_gtest(name SOURCES a.cpp b.cpp LIBRARIES x y). Each of its tests is one of ctest's, so that
# they run side by side. LABEL threads: ThreadSanitizer has something to find there. PREFIX: before the tests' names, where
# two programs have the same ones. Includes begin at the repository's root: "tests/...", "src/...". Nothing without GoogleTest.
function(add_gtest name)
    if(NOT GTest_FOUND)
        return()
    endif()
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT;LABEL;PREFIX" "SOURCES;LIBRARIES")
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} GTest::gmock GTest::gtest_main)
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
    target_compile_features(${name} PRIVATE cxx_std_20)
    # A test is run once for each time that it is compiled: two fifths of that time were for optimising it and for looks at
    # each pointer, of which AddressSanitizer has its own. The libraries it links are built as the preset says.
    target_compile_options(${name} PRIVATE $<$<CONFIG:Debug>:-O0 -fno-sanitize=null,alignment>)
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 60)
    endif()
    gtest_discover_tests(${name} NO_PRETTY_VALUES DISCOVERY_TIMEOUT 60 TEST_PREFIX "${arg_PREFIX}"
        PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABEL}")
endfunction()
