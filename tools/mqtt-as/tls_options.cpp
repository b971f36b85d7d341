// From options to ssl_params.
#include "tools/mqtt-as/tls_options.hpp"

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace mqtt_as::cli {

namespace {

tls_version version_of(const std::string& text) {
    if (text == "tlsv1.2") return tls_version::v1_2;
    if (text == "tlsv1.3") return tls_version::v1_3;
    throw usage_error("--tls-version takes tlsv1.2 or tlsv1.3, not '" + text + "'");
}

// 0, or errno. Nothing is read: it may be a pipe, `--cert <(...)`.
int reading_error(const std::string& path, bool is_folder) {
    if (::access(path.c_str(), R_OK) != 0) return errno;
    std::error_code unknown;
    if (std::filesystem::is_directory(path, unknown) == is_folder) return 0;
    return is_folder ? ENOTDIR : EISDIR;
}

}  // namespace

void tls_options::add_to(command_line& line) {
    line.section("TLS");
    line.text("--cafile", ca_file_, "FILE", "Trust these CAs (PEM or DER) [MQTT_AS_CAFILE, the system's]");
    line.text("--capath", ca_path_, "FOLDER", "Trust the CAs in it, named by openssl rehash");
    line.flag("--tls-use-os-certs", system_cas_, "Trust the system's CAs; so do -p 8883 and mqtts://");
    line.text("--cert", cert_, "FILE", "Our certificate, PEM or DER");
    line.text("--key", key_, "FILE", "Its key, PEM or DER");
    line.text("--keypass", key_password_, "PASSWORD", "Of the key [MQTT_AS_KEYPASS]");
    line.flag("--insecure", insecure_, "Do not compare the broker's certificate with -h");
    line.text("--tls-version", version_, "VERSION", "At least: tlsv1.2 or tlsv1.3 [tlsv1.2]");
    line.text("--psk", psk_, "KEY", "Shared key in hexadecimal, instead of certificates [MQTT_AS_PSK]");
    line.text("--psk-identity", psk_identity_, "NAME", "Its name at the broker");
    line.text("--tls-alpn", alpn_, "PROTOCOL", "Asked for in the handshake, for example mqtt");
}

bool tls_options::ask_for_tls() const { return ca_file_ || ca_path_ || system_cas_ || psk_ || psk_identity_; }

void tls_options::apply(mqtt_as::config& config, bool secured) const {
    if (!secured) {
        const std::pair<bool, const char*> all[] = {{cert_.has_value(), "--cert"},
                                                    {key_.has_value(), "--key"},
                                                    {key_password_.has_value(), "--keypass"},
                                                    {insecure_, "--insecure"},
                                                    {version_.has_value(), "--tls-version"},
                                                    {alpn_.has_value(), "--tls-alpn"}};
        for (const auto& [is_given, name] : all) {
            if (is_given) throw usage_error(std::string(name) + " needs TLS: " + std::string(how_to_ask_for_tls));
        }
        return;
    }
    check(config);
    config.ssl = true;
    ssl_params& p = config.ssl_params;
    p.psk_identity = psk_identity_.value_or("");
    if (psk_identity_) p.psk = psk_ ? *psk_ : from_environment("MQTT_AS_PSK").value_or("");
    p.ca_path = ca_path_.value_or("");
    if (ca_file_) {
        p.ca_file = *ca_file_;
    } else if (!ca_path_ && !system_cas_ && !psk_identity_) {
        p.ca_file = from_environment("MQTT_AS_CAFILE").value_or("");
    }
    p.cert_file = cert_.value_or("");
    p.key_file = key_.value_or("");
    if (key_) p.key_password = key_password_ ? *key_password_ : from_environment("MQTT_AS_KEYPASS").value_or("");
    if (insecure_) p.verify = ssl_verify::issuer;
    if (version_) p.min_version = version_of(*version_);
    if (alpn_) p.alpn = {*alpn_};
}

void tls_options::check(const mqtt_as::config& config) const {
    // To the library an empty name is no name: --cafile "$UNSET" would trust whom the system trusts.
    const std::pair<const std::optional<std::string>&, const char*> names[] = {
        {ca_file_, "--cafile"}, {ca_path_, "--capath"}, {cert_, "--cert"}, {key_, "--key"}};
    for (const auto& [path, option] : names) {
        if (path && path->empty()) throw usage_error(std::string(option) + " takes a path, not ''");
    }
    if (cert_.has_value() != key_.has_value()) throw usage_error("--cert and --key belong together: say both");
    if (key_password_ && !key_) throw usage_error("--keypass needs --key");
    if (psk_ && !psk_identity_) throw usage_error("--psk needs --psk-identity");
    if (psk_identity_ && !psk_ && !from_environment("MQTT_AS_PSK")) throw usage_error("--psk-identity needs --psk");
    if (psk_identity_ && (ca_file_ || ca_path_ || system_cas_ || cert_)) {
        throw usage_error("--psk is used instead of certificates: leave one of them away");
    }
    if (system_cas_ && (ca_file_ || ca_path_)) {
        throw usage_error("--tls-use-os-certs and --cafile or --capath exclude each other: say one of them");
    }
    if (!config.unix_socket.empty() && !insecure_ && !psk_identity_) {
        throw usage_error("--unix has no name to compare the certificate with: add --insecure");
    }
}

void expect_readable_files(const ssl_params& p) {
    struct place {
        const std::string& path;
        const char* options;
        bool is_folder = false;
    };
    for (const place& each : {place{p.ca_file, "--cafile or MQTT_AS_CAFILE"}, place{p.ca_path, "--capath", true},
                              place{p.cert_file, "--cert"}, place{p.key_file, "--key"}}) {
        const int error = each.path.empty() ? 0 : reading_error(each.path, each.is_folder);
        if (error != 0)
            throw usage_error("cannot read " + each.path + " (" + each.options +
                              "): " + std::system_category().message(error));
    }
}

}  // namespace mqtt_as::cli
