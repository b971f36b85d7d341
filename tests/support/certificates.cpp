// Makes keys (P-256) and certificates with OpenSSL.
#include "tests/support/certificates.hpp"

#include <array>
#include <cstdio>
#include <ctime>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdexcept>

namespace mqtt_as::test {

namespace {

template <auto free>
struct freed_by {
    template <class T>
    void operator()(T* what) const {
        free(what);
    }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using file_ptr = std::unique_ptr<FILE, freed_by<std::fclose>>;

void demand(bool success, const char* what) {
    if (success) return;
    const char* const why = ERR_reason_error_string(ERR_peek_last_error());
    throw std::runtime_error(std::string("certificates: ") + what + ": " + (why ? why : "failed"));
}

key_ptr new_key() {
    key_ptr key(EVP_EC_gen("P-256"));
    demand(key != nullptr, "a key");
    return key;
}

certificate_ptr new_certificate(const std::string& common_name, EVP_PKEY* key) {
    certificate_ptr made(X509_new());
    X509_set_version(made.get(), X509_VERSION_3);
    static long serial = 1;
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial++);
    X509_set_pubkey(made.get(), key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
    return made;
}

void extend(X509* certificate, int what, const std::string& value) {
    using extension_ptr = std::unique_ptr<X509_EXTENSION, freed_by<X509_EXTENSION_free>>;
    const extension_ptr extension(X509V3_EXT_conf_nid(nullptr, nullptr, what, value.c_str()));
    demand(extension != nullptr, value.c_str());
    X509_add_ext(certificate, extension.get(), -1);
}

void set_validity(X509* certificate, std::chrono::seconds from, std::chrono::seconds until) {
    X509_gmtime_adj(X509_getm_notBefore(certificate), from.count());
    X509_gmtime_adj(X509_getm_notAfter(certificate), until.count());
}

file_ptr open(const std::filesystem::path& path) {
    file_ptr file(std::fopen(path.c_str(), "wb"));
    demand(file != nullptr, path.c_str());
    return file;
}

void write_key(const std::filesystem::path& path, EVP_PKEY* key, bool der, const std::string& password) {
    const file_ptr file = open(path);
    const EVP_CIPHER* const cipher = password.empty() ? nullptr : EVP_aes_256_cbc();
    const int size = static_cast<int>(password.size());
    const auto write = der ? &i2d_PKCS8PrivateKey_fp : &PEM_write_PKCS8PrivateKey;
    demand(write(file.get(), key, cipher, password.c_str(), size, nullptr, nullptr) == 1, path.c_str());
}

void write_certificate(const std::filesystem::path& path, X509* certificate, bool der) {
    const file_ptr file = open(path);
    demand((der ? i2d_X509_fp(file.get(), certificate) : PEM_write_X509(file.get(), certificate)) == 1, path.c_str());
}

}  // namespace

struct authority::signer {
    key_ptr key;
    certificate_ptr certificate;
};

authority::authority(const std::filesystem::path& folder, const std::string& common_name)
    : signer_(std::make_unique<signer>()), folder_(folder), pem_(folder / (common_name + ".pem")),
      der_(folder / (common_name + ".der")) {
    signer_->key = new_key();
    signer_->certificate = new_certificate(common_name, signer_->key.get());
    X509* const own = signer_->certificate.get();
    set_validity(own, std::chrono::hours(-1), std::chrono::hours(24));
    X509_set_issuer_name(own, X509_get_subject_name(own));
    extend(own, NID_basic_constraints, "critical,CA:TRUE");
    extend(own, NID_key_usage, "critical,keyCertSign,cRLSign");
    demand(X509_sign(own, signer_->key.get(), EVP_sha256()) > 0, "signing");
    write_certificate(pem_, own, false);
    write_certificate(der_, own, true);
}

authority::~authority() = default;

certificate_files authority::issue(const certificate_wish& wish) {
    const key_ptr key = new_key();
    const certificate_ptr made = new_certificate(wish.common_name, key.get());
    set_validity(made.get(), wish.valid_from, wish.valid_until);
    X509_set_issuer_name(made.get(), X509_get_subject_name(signer_->certificate.get()));
    std::string names;
    for (const auto& name : wish.names) names += (names.empty() ? "DNS:" : ",DNS:") + name;
    for (const auto& address : wish.addresses) names += (names.empty() ? "IP:" : ",IP:") + address;
    if (!names.empty()) extend(made.get(), NID_subject_alt_name, names);
    demand(X509_sign(made.get(), signer_->key.get(), EVP_sha256()) > 0, "signing");

    const std::string number = pem_.stem().string() + "-" + std::to_string(++issued_);
    const char* const suffix = wish.der ? ".der" : ".pem";
    const certificate_files files{folder_ / (number + suffix), folder_ / (number + "-key" + suffix)};
    write_certificate(files.certificate, made.get(), wish.der);
    write_key(files.key, key.get(), wish.der, wish.key_password);
    return files;
}

std::string secured_by(const certificate_files& own) {
    return "certfile " + own.certificate.string() + "\nkeyfile " + own.key.string() + "\n";
}

std::string demanding(const std::filesystem::path& ca) {
    return "require_certificate true\ncafile " + ca.string() + "\n";
}

std::string utc_text(std::chrono::seconds from_now) {
    const std::time_t moment = std::time(nullptr) + from_now.count();
    std::tm t{};
    ::gmtime_r(&moment, &t);
    std::array<char, 64> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &t);
    return text.data();
}

}  // namespace mqtt_as::test
