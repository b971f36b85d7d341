// Makes and removes the folder.
#include "tests/support/temp_folder.hpp"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

namespace mqtt_as::test {

temp_folder::temp_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "mqtt_as.XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::system_error(errno, std::generic_category(), "mkdtemp " + name);
    path_ = name;
}

temp_folder::~temp_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace mqtt_as::test
