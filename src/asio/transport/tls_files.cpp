// Reading certificates and keys.
#include "src/asio/transport/tls_files.hpp"

#include "src/asio/transport/tls_words.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace mqtt_as::detail {

namespace {

/// "ca_file '/etc/x.pem'": how errors name a file.
struct named_file {
    const char* key;
    const std::string& path;

    [[noreturn]] void fail(const std::string& why) const {
        ERR_clear_error();
        throw tls_error(std::string(key) + " '" + path + "': " + why);
    }
};

std::string read(const named_file& file) {
    const int descriptor = ::open(file.path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) file.fail(std::system_category().message(errno));
    std::string content;
    std::array<char, 4096> block;
    ssize_t size = 0;
    while ((size = ::read(descriptor, block.data(), block.size())) > 0) {
        content.append(block.data(), static_cast<std::size_t>(size));
    }
    const int error = errno;
    ::close(descriptor);
    if (size < 0) file.fail(std::system_category().message(error));
    if (content.empty()) file.fail("it is empty");
    return content;
}

bio_ptr reader_of(const std::string& content) {
    return bio_ptr(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
}

bool is_pem(const std::string& content) { return content.find("-----BEGIN ") != std::string::npos; }

std::vector<certificate_ptr> read_certificates(const named_file& file) {
    const std::string content = read(file);
    const bio_ptr in = reader_of(content);
    std::vector<certificate_ptr> result;
    if (!is_pem(content)) {
        certificate_ptr one(d2i_X509_bio(in.get(), nullptr));
        if (!one) file.fail("it is not a certificate, neither PEM nor DER");
        result.push_back(std::move(one));
        return result;
    }
    while (certificate_ptr one{PEM_read_bio_X509_AUX(in.get(), nullptr, nullptr, nullptr)}) {
        result.push_back(std::move(one));
    }
    // At the end of the file there is "no start line"; anything else is a certificate that is damaged.
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) file.fail("a certificate in it is damaged");
    if (result.empty()) file.fail("there is no certificate in it");
    ERR_clear_error();
    return result;
}

struct password_prompt {
    const std::string& password;
    bool was_asked = false;

    static int answer(char* into, int size, int, void* self) {
        auto& prompt = *static_cast<password_prompt*>(self);
        prompt.was_asked = true;
        const std::string& password = prompt.password;
        if (password.empty() || password.size() > static_cast<std::size_t>(size)) return -1;
        return static_cast<int>(password.copy(into, password.size()));
    }
};

key_ptr read_key(const named_file& file, const std::string& password) {
    const std::string content = read(file);
    const bio_ptr in = reader_of(content);
    EVP_PKEY* key = nullptr;
    using decoder_ptr = std::unique_ptr<OSSL_DECODER_CTX, freed_by<OSSL_DECODER_CTX_free>>;
    const decoder_ptr decoder(OSSL_DECODER_CTX_new_for_pkey(&key, nullptr, nullptr, nullptr,
                                                            OSSL_KEYMGMT_SELECT_PRIVATE_KEY, nullptr, nullptr));
    password_prompt prompt{password};
    OSSL_DECODER_CTX_set_pem_password_cb(decoder.get(), &password_prompt::answer, &prompt);
    if (OSSL_DECODER_from_bio(decoder.get(), in.get()) == 1 && key != nullptr) return key_ptr(key);
    if (!prompt.was_asked) file.fail("it is not a private key, neither PEM nor DER");
    file.fail(password.empty() ? "the key is encrypted: key_password is needed" : "key_password does not decrypt it");
}

std::int64_t nanoseconds(const timespec& t) { return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec; }

file_stamp stamp_of(const std::string& path) {
    struct ::stat found{};
    if (::stat(path.c_str(), &found) != 0) return {};
    return {.device = found.st_dev,
            .inode = found.st_ino,
            .size = found.st_size,
            .modified_ns = nanoseconds(found.st_mtim),
            .changed_ns = nanoseconds(found.st_ctim)};
}

/// The system's place for trusted CAs, or what the variables SSL_CERT_FILE and SSL_CERT_DIR name instead.
std::string system_place(const char* variable, const char* otherwise) {
    const char* const named = std::getenv(variable);
    return named != nullptr ? named : otherwise;
}

}  // namespace

void load_trusted(SSL_CTX* context, const ssl_params& params) {
    if (params.ca_file.empty() && params.ca_path.empty()) {
        SSL_CTX_set_default_verify_paths(context);
        return;
    }
    if (!params.ca_file.empty()) {
        X509_STORE* const store = SSL_CTX_get_cert_store(context);
        for (const auto& one : read_certificates({"ca_file", params.ca_file})) X509_STORE_add_cert(store, one.get());
    }
    if (!params.ca_path.empty()) {
        std::error_code error;
        const std::filesystem::directory_iterator readable(params.ca_path, error);
        if (error) named_file{"ca_path", params.ca_path}.fail(error.message());
        SSL_CTX_load_verify_dir(context, params.ca_path.c_str());
    }
    ERR_clear_error();
}

void load_identity(SSL_CTX* context, const ssl_params& params) {
    if (params.cert_file.empty()) return;
    const named_file certificate{"cert_file", params.cert_file};
    const named_file key{"key_file", params.key_file};
    const auto chain = read_certificates(certificate);
    if (SSL_CTX_use_certificate(context, chain.front().get()) != 1) certificate.fail(last_reason());
    for (std::size_t i = 1; i < chain.size(); ++i) SSL_CTX_add1_chain_cert(context, chain[i].get());
    const key_ptr its_key = read_key(key, params.key_password);
    if (X509_check_private_key(chain.front().get(), its_key.get()) != 1) {
        key.fail("the key does not belong to the certificate in '" + params.cert_file + "'");
    }
    if (SSL_CTX_use_PrivateKey(context, its_key.get()) != 1) key.fail(last_reason());
}

std::vector<file_stamp> stamps_of(const ssl_params& params) {
    std::vector<file_stamp> stamps;
    for (const std::string* path : {&params.ca_file, &params.cert_file, &params.key_file}) {
        if (!path->empty()) stamps.push_back(stamp_of(*path));
    }
    if (!params.ca_path.empty()) {
        std::error_code gone;
        for (const auto& entry : std::filesystem::directory_iterator(params.ca_path, gone)) {
            stamps.push_back(stamp_of(entry.path()));
        }
    }
    if (params.ca_file.empty() && params.ca_path.empty()) {
        stamps.push_back(stamp_of(system_place(X509_get_default_cert_file_env(), X509_get_default_cert_file())));
        stamps.push_back(stamp_of(system_place(X509_get_default_cert_dir_env(), X509_get_default_cert_dir())));
    }
    return stamps;
}

}  // namespace mqtt_as::detail
