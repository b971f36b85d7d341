// What the programs return to the shell. Scripts depend on these numbers: they never change.
#pragma once

namespace mqtt_as::cli {

enum exit_status : int {
    success = 0,    ///< everything was acknowledged; for sub: it ended as it was told to
    misuse = 1,     ///< the command line is wrong, or a file cannot be read or written
    refused = 2,    ///< by the broker: credentials, authorisation, a subscription, a message
    timed_out = 3,  ///< --deadline or -W passed
    partial = 4,    ///< some was acknowledged and some was not
    no_go = 5,      ///< a field test did not meet its criteria
};
// doctor: 10 and more say which stage failed, see doctor/finding.hpp.
// 128 + signal: interrupted, after a disconnect in good order.

}  // namespace mqtt_as::cli
