// What to do about it: one table per stage, from what is wrong to what helps.
#pragma once

#include "mqtt_as/types.hpp"
#include "tools/mqtt-as/doctor/certificate.hpp"

#include <boost/system/error_code.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_as::cli::doctor {

using advice = std::vector<std::string>;

advice advice_for_link(std::string_view address);
/// `error`: of getaddrinfo; 0: no answer at all.
advice advice_for_name(const std::string& name, int error);
advice advice_for_tcp(const boost::system::error_code&, bool is_tls);
advice advice_for_unix_socket(const boost::system::error_code&);
/// `why`: the library's words.
advice advice_for_tls(std::string_view why, const greeting&);
/// `error`: how the attempt ended; `reason`: with connection_refused.
advice advice_for_mqtt(errc error, reason_code reason, bool has_user, bool speaks_tls);

}  // namespace mqtt_as::cli::doctor
