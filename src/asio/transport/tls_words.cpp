// Words for verification errors, alerts and local failures of TLS.
#include "src/asio/transport/tls_words.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <ctime>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509v3.h>
#include <string_view>
#include <utility>
#include <vector>

namespace mqtt_as::detail {

namespace {

/// What was printed; a certificate of an attacker may hold very long names.
std::string text_in(BIO* bio) {
    constexpr std::size_t size_max = 200;
    const char* text = nullptr;
    const auto size = static_cast<std::size_t>(BIO_get_mem_data(bio, &text));
    return size <= size_max ? std::string(text, size) : std::string(text, size_max) + "...";
}

/// "CN=Test CA,O=Example"; control characters are escaped.
std::string text_of(const X509_NAME* name) {
    const bio_ptr out(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    const std::string text = text_in(out.get());
    return text.empty() ? "nobody" : "'" + text + "'";
}

/// "2026-11-22 20:15:00 UTC".
std::string text_of(const std::tm& t) {
    std::array<char, 64> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &t);
    return text.data();
}

std::string text_of(const ASN1_TIME* time) {
    std::tm t{};
    return ASN1_TIME_to_tm(time, &t) == 1 ? text_of(t) : "an unreadable date";
}

std::string this_moment() {
    const std::time_t now = std::time(nullptr);
    std::tm t{};
    ::gmtime_r(&now, &t);
    return text_of(t);
}

std::string text_of_address(const ASN1_OCTET_STRING* address) {
    const int size = ASN1_STRING_length(address);
    const int family = size == 4 ? AF_INET : size == 16 ? AF_INET6 : AF_UNSPEC;
    std::array<char, INET6_ADDRSTRLEN> text{};
    const char* const written = ::inet_ntop(family, ASN1_STRING_get0_data(address), text.data(), text.size());
    return written != nullptr ? written : "not an address";
}

/// The names and addresses that a certificate is for; of many the first ones.
std::string names_in(X509* certificate) {
    constexpr std::size_t told_max = 5;
    std::vector<std::string> names;
    using names_ptr = std::unique_ptr<GENERAL_NAMES, freed_by<GENERAL_NAMES_free>>;
    const names_ptr all(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; i < sk_GENERAL_NAME_num(all.get()); ++i) {
        const GENERAL_NAME* const name = sk_GENERAL_NAME_value(all.get(), i);
        if (name->type == GEN_DNS) {
            const bio_ptr out(BIO_new(BIO_s_mem()));
            ASN1_STRING_print_ex(out.get(), name->d.dNSName, ASN1_STRFLGS_ESC_CTRL);
            names.push_back("'" + text_in(out.get()) + "'");
        } else if (name->type == GEN_IPADD) {
            names.push_back("'" + text_of_address(name->d.iPAddress) + "'");
        }
    }
    if (names.empty()) return text_of(X509_get_subject_name(certificate));
    std::string text = names[0];
    for (std::size_t i = 1; i < std::min(names.size(), told_max); ++i) text += ", " + names[i];
    if (names.size() > told_max) text += " and " + std::to_string(names.size() - told_max) + " more";
    return text;
}

std::string trusted_by(const ssl_params& params) {
    if (params.ca_file.empty() && params.ca_path.empty()) return "the system's CAs";
    std::string text;
    if (!params.ca_file.empty()) text = "ca_file '" + params.ca_file + "'";
    if (!params.ca_path.empty()) text += (text.empty() ? "" : " and ") + ("ca_path '" + params.ca_path + "'");
    return text;
}

/// What the alert of a server that refuses us means for our side.
std::string_view hint(int alert, const handshake_facts& facts) {
    switch (alert) {
    case SSL_AD_PROTOCOL_VERSION: return ": it does not speak min_version or newer";
    case SSL_AD_NO_APPLICATION_PROTOCOL: return ": it takes none of the protocols in alpn";
    case SSL_AD_UNRECOGNIZED_NAME: return ": it does not know the name we call it by (server_name)";
    case SSL_AD_CERTIFICATE_REQUIRED:
    case SSL_AD_HANDSHAKE_FAILURE:
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
    case SSL_AD_UNKNOWN_PSK_IDENTITY:
    case SSL_AD_ILLEGAL_PARAMETER:  // this one and the next two: how TLS 1.3 and 1.2 notice that the keys differ
    case SSL_AD_BAD_RECORD_MAC:
    case SSL_AD_DECRYPT_ERROR:
        if (facts.has_psk) return ": it does not know psk_identity, or with another psk";
        if (facts.certificate_was_missing) return ": it asks for a client certificate (cert_file and key_file)";
        if (facts.certificate_was_sent) return ": it does not accept our certificate (cert_file)";
        return {};
    default: return {};
    }
}

failure explain_alert(int alert, const handshake_facts& facts) {
    // OpenSSL says "tlsv13 alert certificate required": the end of it is the alert's name in the RFC.
    const char* const known = ERR_reason_error_string(ERR_PACK(ERR_LIB_SSL, 0, SSL_AD_REASON_OFFSET + alert));
    std::string_view name = known != nullptr ? known : "unknown alert";
    constexpr std::string_view mark = "alert ";
    if (const auto at = name.find(mark); at != name.npos) name.remove_prefix(at + mark.size());
    std::string text = "the server refused: " + std::string(name);
    if (!facts.is_over) text += hint(alert, facts);
    // These two may be about the server's own state, and pass.
    const bool may_pass = alert == SSL_AD_INTERNAL_ERROR || alert == SSL_AD_USER_CANCELLED;
    return {.error = errc::tls_failed, .text = std::move(text), .can_retry_help = may_pass || facts.is_over};
}

}  // namespace

failure explain_verification(X509_STORE_CTX* store, const ssl_params& params, const std::string& wanted) {
    X509* const certificate = X509_STORE_CTX_get_current_cert(store);
    if (!params.psk.empty()) {
        return {errc::tls_failed, "the server has a certificate instead: it does not know psk_identity, or no psk",
                false};
    }
    const int error = X509_STORE_CTX_get_error(store);
    const bool is_leaf = X509_STORE_CTX_get_error_depth(store) == 0;
    std::string what = "the server's certificate";
    if (certificate == nullptr) return {errc::tls_failed, what + ": " + X509_verify_cert_error_string(error), false};
    if (!is_leaf) what = "the CA certificate " + text_of(X509_get_subject_name(certificate));
    bool can_retry_help = false;
    switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED: what += " expired on " + text_of(X509_get0_notAfter(certificate)); break;
    case X509_V_ERR_CERT_NOT_YET_VALID:  // a device without a clock of its own learns the time after a while
        what += " is not valid before " + text_of(X509_get0_notBefore(certificate)) + "; here it is " + this_moment();
        can_retry_help = true;
        break;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        what +=
            " was issued by " + text_of(X509_get_issuer_name(certificate)) + ", which is not in " + trusted_by(params);
        break;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        what += " is signed by itself (" + text_of(X509_get_subject_name(certificate)) + ") and not in " +
                trusted_by(params);
        break;
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        what += " was issued by another " + text_of(X509_get_issuer_name(certificate)) + " than that in " +
                trusted_by(params);
        break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        what += " is for " + names_in(certificate) + ", not for '" + wanted + "'";
        break;
    default: what += ": " + std::string(X509_verify_cert_error_string(error)); break;
    }
    return {errc::tls_failed, what, can_retry_help};
}

failure explain_error(unsigned long error, const handshake_facts& facts) {
    const int reason = ERR_GET_REASON(error);
    const bool is_alert = ERR_GET_LIB(error) == ERR_LIB_SSL && reason >= SSL_AD_REASON_OFFSET;
    if (is_alert) return explain_alert(reason - SSL_AD_REASON_OFFSET, facts);
    const char* const words = ERR_reason_error_string(error);
    std::string text = words != nullptr ? words : "failed for an unknown reason";
    if (facts.is_over) return {errc::tls_failed, "the connection broke: " + text, true};
    switch (ERR_GET_LIB(error) == ERR_LIB_SSL ? reason : 0) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_BAD_RECORD_TYPE:
    case SSL_R_RECORD_TOO_SMALL: text = "the server does not speak TLS at this port"; break;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_VERSION_TOO_LOW: text = "the server does not speak min_version or newer"; break;
    default: text = "the handshake failed: " + text; break;
    }
    return {errc::tls_failed, std::move(text), false};
}

std::string last_reason() {
    const char* const words = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    return words != nullptr ? words : "refused by OpenSSL";
}

}  // namespace mqtt_as::detail
