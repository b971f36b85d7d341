// Calls of lwIP, each with its core locked, and lwIP's callbacks, which take notes.
#include "mqtt_as/lwip/transport.hpp"

#include "mqtt_as/lwip/port.hpp"
#include "src/lwip/core_lock.hpp"

#include <algorithm>
#include <lwip/altcp_tcp.h>
#include <lwip/altcp_tls.h>
#include <lwip/dns.h>
#include <lwip/err.h>
#include <utility>
#if MQTT_AS_LWIP_HAS_TLS
#include <mbedtls/ssl.h>
#endif

namespace mqtt_as::detail {

namespace {

transport* first_alive = nullptr;

transport& self_of(void* self) { return *static_cast<transport*>(self); }

}  // namespace

transport::transport() {
    const core_lock lock;
    next_alive_ = std::exchange(first_alive, this);
}

transport::~transport() {
    close(false);
    const core_lock lock;
    transport** at = &first_alive;
    while (*at != this) at = &(*at)->next_alive_;
    *at = next_alive_;
}

void transport::open(const char* server, std::uint16_t port) {
    const core_lock lock;
    server_ = server;
    port_ = port;
    error_ = errc::ok;
    number_ = 0;
    is_finished_ = false;
    state_ = state::opening;
    stage_ = stage::resolve;
    if (!is_looking_up_) look_up();
}

void transport::look_up() {
#if LWIP_DNS
    const err_t e = dns_gethostbyname(server_, &address_, &on_found, this);
    if (e == ERR_INPROGRESS) {
        is_looking_up_ = true;
        return;
    }
    if (e != ERR_OK) return end(errc::resolve_failed, e);
#else
    if (!ipaddr_aton(server_, &address_)) return end(errc::resolve_failed, ERR_ARG);
#endif
    connect();
}

void transport::on_found(const char*, const ip_addr_t* address, void* self) {
    for (transport* t = first_alive; t != nullptr; t = t->next_alive_) {
        if (t == self) return t->note_answer(address);
    }
}

void transport::note_answer(const ip_addr_t* address) {
    is_looking_up_ = false;
    if (state_ != state::opening || stage_ != stage::resolve) return;  // lwIP keeps the answer for the next attempt
    if (address == nullptr) return end(errc::resolve_failed, ERR_VAL);
    address_ = *address;
    connect();
}

void transport::connect() {
    stage_ = stage::connect;
    const auto type = IP_GET_TYPE(&address_);
    pcb_ = is_secured() ? make_secured(type) : altcp_tcp_new_ip_type(type);
    if (pcb_ == nullptr) return end(errc::connect_failed, ERR_MEM);
    altcp_arg(pcb_, this);
    altcp_recv(pcb_, &on_received);
    altcp_sent(pcb_, &on_sent);
    altcp_err(pcb_, &on_error);
    if (const err_t e = altcp_connect(pcb_, &address_, port_, &on_connected); e != ERR_OK) {
        altcp_arg(pcb_, nullptr);
        altcp_err(pcb_, nullptr);
        altcp_abort(std::exchange(pcb_, nullptr));
        return end(errc::connect_failed, e);
    }
    if (is_secured()) watch_below();
}

void transport::end(errc error, int number) {
    state_ = state::ended;
    error_ = error;
    number_ = number;
    port::wake();
}

err_t transport::on_connected(void* self, altcp_pcb* pcb, err_t) {
    transport& t = self_of(self);
    if (const int faults = t.is_secured() ? t.faults_of_certificate() : 0; faults != 0) {
        t.end(errc::tls_failed, faults);
        return ERR_OK;  // it is aborted in the client's turn
    }
    altcp_nagle_disable(pcb);  // packets are collected until `flush`
    t.state_ = state::open;
    port::wake();
    return ERR_OK;
}

err_t transport::on_received(void* self, altcp_pcb*, pbuf* p, err_t) {
    transport& t = self_of(self);
    if (p == nullptr)
        t.is_finished_ = true;
    else if (t.received_ == nullptr)
        t.received_ = p;
    else
        pbuf_cat(t.received_, p);
    port::wake();
    return ERR_OK;
}

/// altcp_tls gives no size: its own bytes are acknowledged, too.
err_t transport::on_sent(void* self, altcp_pcb*, std::uint16_t) {
    ++self_of(self).acknowledgements_;
    port::wake();
    return ERR_OK;
}

/// lwIP: when this is called the pcb is freed already.
void transport::on_error(void* self, err_t e) {
    transport& t = self_of(self);
    t.pcb_ = nullptr;
    if (t.state_ == state::ended) return;  // altcp_tls may tell of a failed handshake twice
    if (t.state_ == state::open) return t.end(errc::connection_closed, e);
    t.end(t.is_secured() && t.stage_ == stage::tls ? errc::tls_failed : errc::connect_failed, e);
}

// ---- TLS ----------------------------------------------------------------------------------------------------

#if MQTT_AS_LWIP_HAS_TLS

namespace {
mbedtls_ssl_context* context_of(altcp_pcb* pcb) { return static_cast<mbedtls_ssl_context*>(altcp_tls_context(pcb)); }
}  // namespace

altcp_pcb* transport::make_secured(std::uint8_t ip_type) {
    altcp_pcb* const pcb = altcp_tls_new(tls_->tls, ip_type);
    if (pcb == nullptr) return nullptr;
    const char* const name = tls_->server_name != nullptr ? tls_->server_name : server_;
    if (mbedtls_ssl_set_hostname(context_of(pcb), name) != 0) {  // it is told to the server, and verified
        altcp_abort(pcb);
        return nullptr;
    }
    altcp_poll(pcb, nullptr, 1);  // altcp_tls tries again from there what found no memory
    return pcb;
}

/// altcp_tls says nothing between the call of altcp_connect and the end of the handshake; but whether a server is
/// absent or fails at TLS must be told apart. So we listen to the TCP below it, by a field of lwIP's public struct. An
/// event of altcp_tls's own would be better.
void transport::watch_below() {
    on_connected_of_tls_ = std::exchange(pcb_->inner_conn->connected, &on_connected_below);
}

err_t transport::on_connected_below(void* secured, altcp_pcb* below, err_t e) {
    transport& t = self_of(static_cast<altcp_pcb*>(secured)->arg);
    t.stage_ = stage::tls;
    port::wake();
    return t.on_connected_of_tls_(secured, below, e);
}

/// Those of MBEDTLS_X509_BADCERT_ that matter here. altcp_tls has mbedTLS note them and go on with the handshake
/// (MBEDTLS_SSL_VERIFY_OPTIONAL): it is here that the server is refused.
int transport::faults_of_certificate() const {
    std::uint32_t faults = mbedtls_ssl_get_verify_result(context_of(pcb_));
    if (tls_->verify == ssl_verify::none) faults = 0;
    if (tls_->verify == ssl_verify::issuer) faults &= ~std::uint32_t{MBEDTLS_X509_BADCERT_CN_MISMATCH};
    return static_cast<int>(faults);
}

#else

altcp_pcb* transport::make_secured(std::uint8_t) { return nullptr; }
void transport::watch_below() {}
int transport::faults_of_certificate() const { return 0; }

#endif

// ---- open ---------------------------------------------------------------------------------------------------

void transport::close(bool in_good_order) {
    const core_lock lock;
    const std::uint16_t unread = received_ != nullptr ? received_->tot_len : 0;
    if (received_ != nullptr) pbuf_free(std::exchange(received_, nullptr));
    state_ = state::closed;
    altcp_pcb* const pcb = std::exchange(pcb_, nullptr);
    if (pcb == nullptr) return;
    altcp_arg(pcb, nullptr);
    altcp_recv(pcb, nullptr);
    altcp_sent(pcb, nullptr);
    altcp_err(pcb, nullptr);
    if (in_good_order) {
        if (unread > 0) altcp_recved(pcb, unread);  // lwIP: a close with unread bytes is an RST
        if (altcp_close(pcb) == ERR_OK) return;
    }
    altcp_abort(pcb);
}

transport::facts transport::look() const {
    const core_lock lock;
    const bool is_on_its_way = pcb_ != nullptr && altcp_sndqueuelen(pcb_) != 0;
    return {state_, stage_, received_ != nullptr, is_finished_, is_on_its_way, error_, acknowledgements_, number_};
}

std::size_t transport::write(std::span<const bytes> parts) {
    const core_lock lock;
    std::size_t written = 0;
    for (const bytes part : parts) {
        if (pcb_ == nullptr) break;
        const std::size_t size = std::min<std::size_t>(part.size(), altcp_sndbuf(pcb_));
        if (size == 0 ||
            altcp_write(pcb_, part.data(), static_cast<std::uint16_t>(size), TCP_WRITE_FLAG_COPY) != ERR_OK)
            break;
        written += size;
        if (size < part.size()) break;
    }
    return written;
}

void transport::flush() {
    const core_lock lock;
    if (pcb_ != nullptr) altcp_output(pcb_);
}

pbuf* transport::take_received() {
    const core_lock lock;
    return std::exchange(received_, nullptr);
}

pbuf* transport::give_back(pbuf* p) {
    const core_lock lock;
    if (pcb_ != nullptr) altcp_recved(pcb_, p->len);
    return pbuf_free_header(p, p->len);
}

}  // namespace mqtt_as::detail
