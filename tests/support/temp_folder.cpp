// Makes and removes the folder.
#include "tests/support/temp_folder.hpp"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>
#include <unistd.h>

namespace mqtt_as::test {

namespace {

// In memory where that can be: a broker that saves after each message waits for no disk then.
std::filesystem::path place() {
    const std::filesystem::path in_memory = "/dev/shm";
    return ::access(in_memory.c_str(), W_OK) == 0 ? in_memory : std::filesystem::temp_directory_path();
}

}  // namespace

temp_folder::temp_folder() {
    std::string name = (place() / "mqtt_as.XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::system_error(errno, std::generic_category(), "mkdtemp " + name);
    path_ = name;
}

temp_folder::~temp_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace mqtt_as::test
