// A connection of lwIP's altcp interface, with the look-up of the server's name before it.
//
// lwIP calls back in its own thread, or from inside `port::wait` with NO_SYS=1. Its callbacks only note what happened;
// everything is done later, in the client's turn, with lwIP's core locked where that is needed. So no user code runs
// inside lwIP, and no connection is aborted inside one of its callbacks.
#pragma once

#include "mqtt_as/engine.hpp"
#include "mqtt_as/types.hpp"

#include <cstddef>
#include <cstdint>
#include <lwip/altcp.h>
#include <lwip/ip_addr.h>
#include <lwip/pbuf.h>
#include <span>

struct altcp_tls_config;

namespace mqtt_as::detail {

class transport {
public:
    enum class state : std::uint8_t { closed, opening, open, ended };
    struct facts {
        state now_in;
        stage at;  ///< resolve, connect or tls: how far opening came
        bool has_received;
        bool is_finished;              ///< the peer sent FIN
        errc error;                    ///< with `ended`
        int number;                    ///< with `ended`: lwIP's err_t
        std::uint16_t unacknowledged;  ///< bytes written that the peer's TCP has not acknowledged
    };

    transport();
    ~transport();
    transport(const transport&) = delete;
    transport& operator=(const transport&) = delete;

    /// `server` must stay. `tls`: nullptr for a connection that everyone may read.
    void open(const char* server, std::uint16_t port, altcp_tls_config* tls);
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
    static err_t on_connected(void* self, altcp_pcb*, err_t);
    static err_t on_received(void* self, altcp_pcb*, pbuf*, err_t);
    static err_t on_sent(void* self, altcp_pcb*, std::uint16_t size);
    static void on_error(void* self, err_t);
    static void on_found(const char* name, const ip_addr_t*, void* self);

    altcp_pcb* pcb_ = nullptr;
    pbuf* received_ = nullptr;
    const char* server_ = nullptr;
    altcp_tls_config* tls_ = nullptr;
    transport* next_alive_;  ///< lwIP cannot be told to forget a look-up: its answer is for those who still live
    ip_addr_t address_{};
    std::uint16_t port_ = 0;
    std::uint16_t unacknowledged_ = 0;
    state state_ = state::closed;
    stage stage_ = stage::idle;
    errc error_ = errc::ok;
    std::int8_t number_ = 0;
    bool is_finished_ = false;
    bool is_looking_up_ = false;  ///< lwIP has an answer to give, also when nobody waits for it any more
};

}  // namespace mqtt_as::detail
