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
#if LWIP_ALTCP && LWIP_ALTCP_TLS && LWIP_ALTCP_TLS_MBEDTLS
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

void transport::open(const char* server, std::uint16_t port, altcp_tls_config* tls) {
    const core_lock lock;
    server_ = server;
    port_ = port;
    tls_ = tls;
    error_ = errc::ok;
    number_ = 0;
    unacknowledged_ = 0;
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
    stage_ = tls_ != nullptr ? stage::tls : stage::connect;
    const auto type = IP_GET_TYPE(&address_);
    if (tls_ != nullptr) {
#if LWIP_ALTCP && LWIP_ALTCP_TLS
        pcb_ = altcp_tls_new(tls_, type);
#if LWIP_ALTCP_TLS_MBEDTLS
        // Without the name the certificate of any server would do.
        if (pcb_ != nullptr &&
            mbedtls_ssl_set_hostname(static_cast<mbedtls_ssl_context*>(altcp_tls_context(pcb_)), server_) != 0) {
            altcp_abort(std::exchange(pcb_, nullptr));
        }
#endif
#else
        return end(errc::tls_failed, ERR_ARG);
#endif
    } else {
        pcb_ = altcp_tcp_new_ip_type(type);
    }
    if (pcb_ == nullptr) return end(errc::connect_failed, ERR_MEM);
    altcp_arg(pcb_, this);
    altcp_recv(pcb_, &on_received);
    altcp_sent(pcb_, &on_sent);
    altcp_err(pcb_, &on_error);
    if (const err_t e = altcp_connect(pcb_, &address_, port_, &on_connected); e != ERR_OK) {
        altcp_arg(pcb_, nullptr);
        altcp_err(pcb_, nullptr);
        altcp_abort(std::exchange(pcb_, nullptr));
        end(errc::connect_failed, e);
    }
}

void transport::end(errc error, int number) {
    state_ = state::ended;
    error_ = error;
    number_ = static_cast<std::int8_t>(number);
    port::wake();
}

err_t transport::on_connected(void* self, altcp_pcb* pcb, err_t) {
    altcp_nagle_disable(pcb);  // packets are collected until `flush`
    self_of(self).state_ = state::open;
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

err_t transport::on_sent(void* self, altcp_pcb*, std::uint16_t size) {
    transport& t = self_of(self);
    t.unacknowledged_ = static_cast<std::uint16_t>(t.unacknowledged_ - size);
    port::wake();
    return ERR_OK;
}

/// lwIP: when this is called the pcb is freed already.
void transport::on_error(void* self, err_t e) {
    transport& t = self_of(self);
    t.pcb_ = nullptr;
    if (t.state_ == state::open) return t.end(errc::connection_closed, e);
    t.end(t.tls_ != nullptr ? errc::tls_failed : errc::connect_failed, e);
}

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
    return {state_, stage_, received_ != nullptr, is_finished_, error_, number_, unacknowledged_};
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
        unacknowledged_ = static_cast<std::uint16_t>(unacknowledged_ + size);
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
