// A handshake that accepts whatever comes, by OpenSSL.
#include "tools/mqtt-as/doctor/certificate.hpp"

#include <arpa/inet.h>
#include <array>
#include <boost/asio/ssl.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <memory>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <utility>

namespace mqtt_as::cli::doctor {

namespace {

namespace ssl = boost::asio::ssl;
using ssl_stream = ssl::stream<boost::asio::generic::stream_protocol::socket>;

template <auto free>
struct freed_by {
    template <class T>
    void operator()(T* what) const {
        free(what);
    }
};
using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free_all>>;
using names_ptr = std::unique_ptr<GENERAL_NAMES, freed_by<GENERAL_NAMES_free>>;

// What was printed.
std::string text_in(BIO* bio) {
    const char* text = nullptr;
    const auto size = static_cast<std::size_t>(BIO_get_mem_data(bio, &text));
    return {text, size};
}

std::string text_of_name(const X509_NAME* name) {
    const bio_ptr out(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    return text_in(out.get());
}

std::time_t time_of(const ASN1_TIME* time) {
    std::tm t{};
    return ASN1_TIME_to_tm(time, &t) == 1 ? ::timegm(&t) : 0;
}

std::string text_of_address(const ASN1_OCTET_STRING* address) {
    const int size = ASN1_STRING_length(address);
    const int family = size == 4 ? AF_INET : size == 16 ? AF_INET6 : AF_UNSPEC;
    std::array<char, INET6_ADDRSTRLEN> text{};
    const char* const written = ::inet_ntop(family, ASN1_STRING_get0_data(address), text.data(), text.size());
    return written != nullptr ? written : "not an address";
}

std::vector<std::string> names_in(const X509* from) {
    std::vector<std::string> result;
    const names_ptr all(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(from, NID_subject_alt_name, nullptr, nullptr)));
    for (int n = 0; n < sk_GENERAL_NAME_num(all.get()); ++n) {
        const GENERAL_NAME* const name = sk_GENERAL_NAME_value(all.get(), n);
        if (name->type == GEN_IPADD) result.push_back(text_of_address(name->d.iPAddress));
        if (name->type != GEN_DNS) continue;
        const bio_ptr out(BIO_new(BIO_s_mem()));
        ASN1_STRING_print_ex(out.get(), name->d.dNSName, ASN1_STRFLGS_ESC_CTRL);
        result.push_back(text_in(out.get()));
    }
    return result;
}

std::string fingerprint_of(const X509* from) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    X509_digest(from, EVP_sha256(), digest.data(), &size);
    std::string text;
    for (unsigned n = 0; n < size; ++n) {
        std::array<char, 4> two{};
        std::snprintf(two.data(), two.size(), "%02x", digest[n]);
        text += two.data();
    }
    return text;
}

std::string key_of(const X509* from) {
    EVP_PKEY* const key = X509_get0_pubkey(from);
    if (key == nullptr) return "unknown";
    const char* const kind = EVP_PKEY_get0_type_name(key);
    return std::string(kind != nullptr ? kind : "unknown") + ", " + std::to_string(EVP_PKEY_get_bits(key)) + " bits";
}

certificate read(const X509* from) {
    return {.subject = text_of_name(X509_get_subject_name(from)),
            .issuer = text_of_name(X509_get_issuer_name(from)),
            .names = names_in(from),
            .valid_from = time_of(X509_get0_notBefore(from)),
            .valid_until = time_of(X509_get0_notAfter(from)),
            .key = key_of(from),
            .fingerprint = fingerprint_of(from)};
}

// A name is told to the server (SNI), as the library does; an address is not.
void tell_name(SSL* to, const std::string& name) {
    boost::system::error_code not_an_address;
    boost::asio::ip::make_address(name, not_an_address);
    if (not_an_address && !name.empty()) SSL_set_tlsext_host_name(to, name.c_str());
}

struct conversation {
    conversation(const boost::asio::any_io_executor& executor, const ssl_params& params)
        : context(ssl::context::tls_client), stream(executor, context) {
        stream.set_verify_mode(ssl::verify_none);
        std::string offered;
        for (const std::string& each : params.alpn) offered += static_cast<char>(each.size()) + each;
        if (!offered.empty()) {
            SSL_set_alpn_protos(stream.native_handle(), reinterpret_cast<const unsigned char*>(offered.data()),
                                static_cast<unsigned>(offered.size()));
        }
    }

    ssl::context context;
    ssl_stream stream;
    bool is_over = false;
    greeting result;
};

void note_result(conversation& with, clock::time_point begin, bool is_secured) {
    SSL* const handle = with.stream.native_handle();
    greeting& g = with.result;
    g.is_secured = is_secured;
    g.took = since(begin);
    if (is_secured) {
        g.version = SSL_get_version(handle);
        g.cipher = SSL_get_cipher_name(handle);
        const unsigned char* chosen = nullptr;
        unsigned size = 0;
        SSL_get0_alpn_selected(handle, &chosen, &size);
        g.protocol.assign(reinterpret_cast<const char*>(chosen), size);
    }
    // Also of a handshake that failed: the server may have shown its certificate and then disliked ours.
    const STACK_OF(X509)* const chain = SSL_get_peer_cert_chain(handle);
    for (int n = 0; n < sk_X509_num(chain); ++n) g.chain.push_back(read(sk_X509_value(chain, n)));
}

}  // namespace

task<greeting> greet(endpoint where, const ssl_params& params, std::string server_name, clock::time_point deadline) {
    const auto talk = std::make_shared<conversation>(co_await boost::asio::this_coro::executor, params);
    tell_name(talk->stream.native_handle(), server_name);
    talk->stream.next_layer().async_connect(where, [talk](boost::system::error_code failed) {
        if (failed) {
            talk->is_over = true;
            return;
        }
        const auto begin = clock::now();
        talk->stream.async_handshake(ssl::stream_base::client, [talk, begin](boost::system::error_code error) {
            note_result(*talk, begin, !error);
            talk->is_over = true;
        });
    });
    co_await until(deadline, [&] { return talk->is_over; });
    boost::system::error_code ignored;
    talk->stream.next_layer().close(ignored);
    co_return talk->result;
}

}  // namespace mqtt_as::cli::doctor
