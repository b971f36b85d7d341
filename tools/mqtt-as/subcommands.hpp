// The subcommands: each takes the arguments that follow its name and returns an exit_status.
#pragma once

#include <string>
#include <vector>

namespace mqtt_as::cli {

int chaos(std::vector<std::string> arguments);
int pub(std::vector<std::string> arguments);
int sub(std::vector<std::string> arguments);

}  // namespace mqtt_as::cli
