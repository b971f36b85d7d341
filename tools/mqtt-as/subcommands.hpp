// The subcommands: each takes the arguments that follow its name and returns an exit_status.
#pragma once

#include <string>
#include <vector>

namespace mqtt_as::cli {

int pub_command(std::vector<std::string> arguments);
int sub_command(std::vector<std::string> arguments);
int doctor_command(std::vector<std::string> arguments);
int range_command(std::vector<std::string> arguments);
int chaos_command(std::vector<std::string> arguments);

}  // namespace mqtt_as::cli
