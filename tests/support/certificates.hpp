// A certificate authority of a test: makes certificates and keys, good ones and wrong ones, as files.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace mqtt_as::test {

/// What a certificate says. The names are DNS names, the addresses numeric.
struct certificate_wish {
    std::string common_name = "localhost";
    std::vector<std::string> names{"localhost"};
    std::vector<std::string> addresses{"127.0.0.1"};
    std::chrono::seconds valid_from{-3600};  ///< from now
    std::chrono::seconds valid_until{86'400};
    bool der = false;            ///< DER instead of PEM, the certificate and the key
    std::string key_password{};  ///< encrypts the key
};

struct certificate_files {
    std::filesystem::path certificate;
    std::filesystem::path key;
};

class authority {
public:
    /// A new CA; its files go to a folder that exists.
    authority(const std::filesystem::path& folder, const std::string& common_name);
    ~authority();

    /// Its own certificate, as PEM and as DER.
    const std::filesystem::path& pem() const { return pem_; }
    const std::filesystem::path& der() const { return der_; }

    certificate_files issue(const certificate_wish& wish = {});

private:
    struct signer;
    std::unique_ptr<signer> signer_;
    std::filesystem::path folder_, pem_, der_;
    int issued_ = 0;
};

/// Lines of a broker's configuration: its certificate, and that it demands one of its clients.
std::string secured_by(const certificate_files& own);
std::string demanding(const std::filesystem::path& ca);

/// The moment `from_now`, as error texts have it: "2026-11-22 20:15:00 UTC".
std::string utc_text(std::chrono::seconds from_now);

}  // namespace mqtt_as::test
