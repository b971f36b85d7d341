// Tables of advice.
#include "tools/mqtt-as/doctor/advice.hpp"

#include <boost/asio/error.hpp>
#include <cerrno>
#include <netdb.h>
#include <utility>

namespace mqtt_as::cli::doctor {

advice advice_for_link(std::string_view address) {
    std::string route = "See which interface should lead there: ip -brief address; ip route get ";
    route += address.empty() ? "ADDRESS" : address;
    return {"Plug in the cable, join the Wi-Fi, or bring the interface up (ip link set NAME up).", route};
}

advice advice_for_name(const std::string& name, int error) {
    if (name.ends_with(".local")) {
        return {"Names in .local are answered by the devices themselves: install libnss-mdns, or use the address."};
    }
    if (error == EAI_NONAME || error == EAI_NODATA) {
        return {"Check the spelling of -h; compare with: getent hosts " + name};
    }
    return {"The resolver does not answer: see whether the servers in /etc/resolv.conf can be reached.",
            "Until then use the broker's address instead of its name."};
}

advice advice_for_tcp(const boost::system::error_code& error, bool is_tls) {
    if (error == boost::asio::error::connection_refused) {
        return {std::string("The machine is there, and nobody listens at this port. Does the broker run? Is it -p ") +
                    (is_tls ? "8883?" : "1883?"),
                "Mosquitto 2 accepts connections from its own machine alone until its configuration has a line "
                "'listener 1883'."};
    }
    if (error == boost::asio::error::try_again || error == boost::asio::error::timed_out) {
        return {"Nobody answers at this address: the machine is off, the address is another one, or a firewall drops "
                "the packets.",
                "See how far packets get: ping HOST; traceroute HOST"};
    }
    if (error.value() == EHOSTUNREACH || error.value() == ENETUNREACH) {
        return {"No way leads to this address: is it the right network? See: ip route get ADDRESS"};
    }
    return {"See whether this program may open connections here (firewall, container, resource limits)."};
}

advice advice_for_unix_socket(const boost::system::error_code& error) {
    if (error.value() == ENOENT) return {"There is no such file: is the path that of the broker's 'listener 0 PATH'?"};
    if (error.value() == EACCES) return {"This user may not write to the socket: see its owner and mode (ls -l)."};
    return {"The file is there, and no broker behind it: does it run?"};
}

advice advice_for_tls(std::string_view why, const greeting& seen) {
    // The library's words, in part, and what they ask for. The first that fits.
    using row = std::pair<std::string_view, std::string>;
    const std::string issuer = seen.chain.empty() ? "the broker's CA" : "'" + seen.chain.back().issuer + "'";
    const row table[] = {
        {"speak TLS at this port", "Leave --cafile and the like away for this port, or use the broker's port for TLS "
                                   "(-p 8883)."},
        {" expired on ", "Renew the certificate at the broker, and have the broker read it again."},
        {" is not valid before ", "Set the clock of this machine, or that of the one which made the certificate."},
        {"not in the system's CAs", "Say whom you trust: --cafile FILE with the certificate of " + issuer + "."},
        {"not in ca_", "Get the certificate of " + issuer + " and give it by --cafile."},
        {"by another ", "The CA was made anew under its old name: get its present certificate for --cafile."},
        {"key_password", "Give the password of the key: --keypass, or the variable MQTT_AS_KEYPASS."},
        {"ca_file '", "Mend --cafile: a readable file with the certificate of the CA, PEM or DER."},
        {"ca_path '", "Mend --capath: a readable folder of CA certificates, prepared by 'openssl rehash'."},
        {"cert_file '", "Mend --cert: a readable file with our certificate, PEM or DER."},
        {"key_file '", "Mend --key: a readable file with the key that belongs to --cert."},
        {", not for '", "Use a name of the certificate for -h, or issue one for the name in use. --insecure accepts "
                        "any name, and so whoever has a certificate of this CA."},
        {"client certificate", "Give our own certificate: --cert FILE --key FILE."},
        {"does not accept our certificate", "The broker does not trust the CA of --cert, or has revoked it."},
        {"psk", "Compare --psk and --psk-identity with the broker's psk_file."},
        {"min_version", "The broker is too old for --tls-version: update it, or ask for less."},
        {"alpn", "The broker takes no such --tls-alpn."},
    };
    for (const auto& [part, what] : table) {
        if (why.find(part) != why.npos) return {what};
    }
    return {"See the broker's log: it says what it did not like about this handshake."};
}

advice advice_for_mqtt(errc error, reason_code reason, bool has_user, bool speaks_tls) {
    if (speaks_tls)
        return {"Say whom you trust: --cafile FILE, or --tls-use-os-certs for a broker with a public name."};
    if (error == errc::connection_refused) {
        switch (reason) {
        case reason_code::bad_user_name_or_password:
        case reason_code::not_authorized:
            return {has_user ? "Check -u and -P; in Mosquitto's password_file they are set by mosquitto_passwd."
                             : "The broker wants to know who we are: add -u USER -P PASSWORD."};
        case reason_code::client_identifier_not_valid:
            return {"The broker does not take this client identifier: choose another one by -i."};
        case reason_code::unsupported_protocol_version: return {"Try the other version: -V 311 or -V 5."};
        case reason_code::server_unavailable:
        case reason_code::server_busy:
        case reason_code::connection_rate_exceeded: return {"The broker is there and overloaded: try again later."};
        case reason_code::banned: return {"The broker has banned this client: ask whoever runs it."};
        default: return {"See the broker's log for the reason."};
        }
    }
    if (error == errc::stage_timed_out || error == errc::protocol_violation) {
        return {"Something listens there that does not speak MQTT, or a broker that hangs: is this its port?"};
    }
    return {"See the broker's log: limits of connections, addresses that are not allowed, a broker that restarts."};
}

}  // namespace mqtt_as::cli::doctor
