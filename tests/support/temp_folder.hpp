// A folder of its own for a test or a demo, removed with everything in it at the end.
#pragma once

#include <filesystem>

namespace mqtt_as::test {

class temp_folder {
public:
    /// Makes a new folder in the system's folder for temporary files. Its path is short: Unix socket names end at 107
    /// bytes.
    temp_folder();
    ~temp_folder();
    temp_folder(const temp_folder&) = delete;
    temp_folder& operator=(const temp_folder&) = delete;

    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace mqtt_as::test
