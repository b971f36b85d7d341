// TLS over a socket, by OpenSSL.
//
// Theory of operation. Below is a socket_transport, whose events come here; OpenSSL reads from it and writes to it
// through a BIO, so that no call of OpenSSL ever waits. When the socket is connected the files of the configuration are
// read and the handshake begins; it goes on whenever the socket has become readable or writable, and the engine bounds
// it as it bounds every stage. From then on reads and writes are those of OpenSSL. Either may have to wait for the
// socket's other direction (a ticket that came in part, an answer to a key update): `reader_` and `writer_` know.
#pragma once

#include "src/asio/transport/socket_transport.hpp"
#include "src/asio/transport/tls_context.hpp"
#include "src/asio/transport/tls_words.hpp"
#include "src/asio/transport/transport.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace mqtt_as::detail {

class tls_transport final : public transport,
                            public transport_events,
                            public std::enable_shared_from_this<tls_transport> {
public:
    /// `owner` keeps `target`, `book` and `context` alive.
    tls_transport(executor_handle executor, epoch e, const socket_target& target, address_book& book,
                  tls_context& context, std::shared_ptr<transport_events> owner);

    void open() override;
    void close() noexcept override;
    io_result read(std::span<std::uint8_t> into) noexcept override;
    io_result write(std::span<const bytes> from) noexcept override;
    void wait_readable() override;
    void wait_writable() override;
    /// Of the encrypted bytes, a little more than what was written.
    std::size_t unacknowledged() noexcept override { return socket_->unacknowledged(); }
    std::string address() const override { return socket_->address(); }
    failure why() const override { return why_; }
    std::string security() const override;
    std::optional<connection_ends> ends() const override { return socket_->ends(); }

private:
    /// One who waits, and for which direction of the socket.
    struct side {
        bool waits = false;
        bool needs_writing = false;
    };

    // The socket tells.
    void on_stage(epoch, stage) override;
    void on_opened(epoch) override;
    void on_failed(epoch, errc, int error) override;
    void on_readable(epoch) override;
    void on_writable(epoch) override;

    void handshake();
    void fail(int number);
    void wait();
    void ready(bool for_writing);
    io_result end_of_call(side& who, std::size_t moved) noexcept;

    static const BIO_METHOD* bio_method();
    static int bio_read(BIO*, char* into, int size);
    static int bio_write(BIO*, const char* from, int size);
    static long bio_control(BIO*, int command, long, void*);
    static int on_verified(int is_good, X509_STORE_CTX*);
    static int on_certificate_asked(SSL*, void* self);

    const executor_handle executor_;
    epoch epoch_;
    const socket_target& target_;
    address_book& book_;
    tls_context& context_;
    std::shared_ptr<transport_events> owner_;  // empty once closed
    std::shared_ptr<socket_transport> socket_;
    ssl_ptr ssl_;
    side reader_;
    side writer_;
    bool is_secured_ = false;
    bool has_answered_ = false;  // the server, with whatever bytes
    bool is_drained_ = false;    // the last read of the socket took all there was
    bool read_armed_ = false;
    bool write_armed_ = false;
    int socket_error_ = 0;
    handshake_facts facts_;
    failure why_;
};

}  // namespace mqtt_as::detail
