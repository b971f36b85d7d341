// A connection of lwIP's altcp interface, with the look-up of the server's name before it.
//
// lwIP calls back in its own thread, or from inside `port::wait` with NO_SYS=1. Its callbacks only note what happened;
// everything is done later, in the client's turn, with lwIP's core locked where that is needed. So no user code runs
// inside lwIP, and no connection is aborted inside one of its callbacks.
#pragma once

#include "mqtt_as/engine.hpp"
#include "mqtt_as/lwip/ssl_params.hpp"
#include "mqtt_as/types.hpp"

#include <cstddef>
#include <cstdint>
#include <lwip/altcp.h>
#include <lwip/ip_addr.h>
#include <lwip/pbuf.h>
#include <span>

/// Whether the user's lwIP has altcp_tls over mbedTLS. No other TLS of lwIP's verifies the server's name.
#if LWIP_ALTCP && LWIP_ALTCP_TLS && LWIP_ALTCP_TLS_MBEDTLS
#define MQTT_AS_LWIP_HAS_TLS 1
#else
#define MQTT_AS_LWIP_HAS_TLS 0
#endif

namespace mqtt_as::detail {

class transport {
public:
    enum class state : std::uint8_t { closed, opening, open, ended };
    struct facts {
        state now_in;
        stage at;  ///< resolve, connect or tls: how far opening came
        bool has_received;
        bool is_finished;                ///< the peer sent FIN
        bool is_on_its_way;              ///< something that the peer's TCP has not acknowledged
        errc error;                      ///< with `ended`
        std::uint16_t acknowledgements;  ///< of the peer's TCP, counted
        int number;  ///< with `ended`: lwIP's err_t, or what is wrong with the certificate (MBEDTLS_X509_BADCERT_...)
    };

    transport();
    ~transport();
    transport(const transport&) = delete;
    transport& operator=(const transport&) = delete;

    /// From now on connections are secured; without it everyone may read them. What is given must stay.
#if MQTT_AS_LWIP_HAS_TLS
    void secure_by(const ssl_params& tls) { tls_ = &tls; }
#else
    static void secure_by(const ssl_params&) {}  // `config::ssl` is refused
#endif
    /// `server` must stay.
    void open(const char* server, std::uint16_t port);
    /// In good order: FIN behind what was written. Else RST, and lwIP forgets the connection at once.
    void close(bool in_good_order);
    facts look() const;

    /// Copies into lwIP's buffers what has room there.
    std::size_t write(std::span<const bytes> parts);
    /// Sends what was written: packets that were written one after the other share segments.
    void flush();
    /// What has come since the last call. The receive window opens again as it is given back.
    pbuf* take_received();
    /// The first segment of `p`, `size` bytes, is done with: the rest.
    pbuf* give_back(pbuf* p);

private:
    void look_up();
    void connect();
    void end(errc error, int number);
    void note_answer(const ip_addr_t* address);
    altcp_pcb* make_secured(std::uint8_t ip_type);
    void watch_below();
    int faults_of_certificate() const;
    static err_t on_connected_below(void* secured, altcp_pcb* below, err_t);
    static err_t on_connected(void* self, altcp_pcb*, err_t);
    static err_t on_received(void* self, altcp_pcb*, pbuf*, err_t);
    static err_t on_sent(void* self, altcp_pcb*, std::uint16_t size);
    static void on_error(void* self, err_t);
    static void on_found(const char* name, const ip_addr_t*, void* self);

    altcp_pcb* pcb_ = nullptr;
    pbuf* received_ = nullptr;
    const char* server_ = nullptr;
    transport* next_alive_;  ///< lwIP cannot be told to forget a look-up: its answer is for those who still live
    ip_addr_t address_{};
    int number_ = 0;
    std::uint16_t port_ = 0;
    std::uint16_t acknowledgements_ = 0;
    state state_ = state::closed;
    stage stage_ = stage::idle;
    errc error_ = errc::ok;
    bool is_finished_ = false;
    bool is_looking_up_ = false;  ///< lwIP has an answer to give, also when nobody waits for it any more

#if MQTT_AS_LWIP_HAS_TLS
    bool is_secured() const { return tls_ != nullptr; }
    const ssl_params* tls_ = nullptr;
    altcp_connected_fn on_connected_of_tls_ = nullptr;  ///< begins the handshake when TCP is connected
#else
    static constexpr bool is_secured() { return false; }
#endif
};

}  // namespace mqtt_as::detail
