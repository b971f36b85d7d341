// TLS over a socket.
#include "src/asio/transport/tls_transport.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <openssl/err.h>
#include <utility>

namespace mqtt_as::detail {

namespace {

constexpr std::size_t record_size = SSL3_RT_MAX_PLAIN_LENGTH;
/// Of one write, so that other clients of the event loop get their turn.
constexpr int records_max = 32;

/// The next record of `from`, of which `skip` bytes are written: the bytes where they lie if one piece fills it, else
/// gathered in `scratch`. For the same bytes it is the same record, as OpenSSL demands when a write had to wait.
bytes next_record(std::span<const bytes> from, std::size_t skip, std::span<std::uint8_t> scratch) {
    while (!from.empty() && skip >= from.front().size()) {
        skip -= from.front().size();
        from = from.subspan(1);
    }
    if (from.empty()) return {};
    const bytes first = from.front().subspan(skip);
    if (from.size() == 1 || first.size() >= scratch.size()) return first.first(std::min(first.size(), scratch.size()));
    std::size_t filled = 0;
    for (const bytes whole : from) {
        const bytes piece = whole.subspan(std::exchange(skip, 0));
        const std::size_t size = std::min(piece.size(), scratch.size() - filled);
        if (size > 0) std::memcpy(scratch.data() + filled, piece.data(), size);
        filled += size;
    }
    return scratch.first(filled);
}

}  // namespace

tls_transport::tls_transport(executor_handle executor, epoch e, const socket_target& target, address_book& book,
                             tls_context& context, std::shared_ptr<transport_events> owner)
    : executor_(std::move(executor)), epoch_(e), target_(target), book_(book), context_(context),
      owner_(std::move(owner)) {}

// ---- opening ----------------------------------------------------------------------------------------------

void tls_transport::open() {
    socket_ = std::make_shared<socket_transport>(executor_, epoch_, target_, book_, shared_from_this());
    socket_->open();
}

void tls_transport::on_stage(epoch e, stage s) {
    if (const auto owner = owner_) owner->on_stage(e, s);
}

void tls_transport::on_opened(epoch e) {
    if (const auto owner = owner_) owner->on_stage(e, stage::tls);
    if (!owner_) return;
    try {
        ssl_ = context_.begin();
    } catch (const tls_error& wrong) {
        why_ = {.error = errc::tls_failed, .text = wrong.what(), .can_retry_help = false};
        return fail(0);
    }
    BIO* const bio = BIO_new(bio_method());
    BIO_set_data(bio, this);
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_app_data(ssl_.get(), this);
    SSL_set_cert_cb(ssl_.get(), &on_certificate_asked, this);
    facts_.has_psk = !context_.params().psk.empty();
    const bool verifies = facts_.has_psk || context_.params().verify != ssl_verify::none;
    SSL_set_verify(ssl_.get(), verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, verifies ? &on_verified : nullptr);
    handshake();
}

void tls_transport::handshake() {
    is_drained_ = false;
    ERR_clear_error();
    if (SSL_do_handshake(ssl_.get()) == 1) {
        is_secured_ = true;
        const auto owner = owner_;
        owner->on_opened(epoch_);
        // What came in the wake of the handshake was read with it: the socket will not tell of it.
        if (owner_ && SSL_has_pending(ssl_.get()) == 1) owner->on_readable(epoch_);
        return;
    }
    const io_result r = end_of_call(reader_, 0);
    if (r.now == io_result::state::would_block) {
        reader_.waits = true;
        return wait();
    }
    // A reset is a close, too, behind bytes that the server did not read: those of the handshake, to one without TLS.
    const bool is_closed = r.now == io_result::state::closed || r.error == ECONNRESET;
    if (is_closed && why_.error == errc::ok) {
        why_ = {.error = errc::tls_failed,
                .text = has_answered_ ? "the server closed the connection during the handshake"
                                      : "the server closed the connection unanswered; does it speak TLS at this port?"};
    }
    fail(r.error);
}

void tls_transport::fail(int number) {
    const auto owner = owner_;
    close();
    if (owner) owner->on_failed(epoch_, errc::tls_failed, number);
}

void tls_transport::on_failed(epoch e, errc error, int number) {
    const auto owner = owner_;
    close();
    if (owner) owner->on_failed(e, error, number);
}

void tls_transport::close() noexcept {
    if (!owner_) return;
    owner_.reset();
    if (is_secured_ && why_.error == errc::ok) {
        // close_notify, if the socket takes it. OpenSSL resumes no session whose connection ended without.
        SSL_shutdown(ssl_.get());
        ERR_clear_error();
    }
    if (socket_) socket_->close();
}

std::string tls_transport::security() const {
    std::string text = SSL_get_version(ssl_.get());
    text.append(", ").append(SSL_get_cipher_name(ssl_.get()));
    const unsigned char* protocol = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &protocol, &size);
    if (size > 0) text.append(", alpn ").append(reinterpret_cast<const char*>(protocol), size);
    if (SSL_session_reused(ssl_.get()) == 1) text += ", resumed";
    return text;
}

// ---- moving bytes -----------------------------------------------------------------------------------------

/// Reads on until the buffer is full or the socket has no more: what OpenSSL had read and not given out, nobody would
/// tell us about.
io_result tls_transport::read(std::span<std::uint8_t> into) noexcept {
    if (!is_secured_ || !owner_) return {.now = io_result::state::closed};
    if (why_.error != errc::ok) return {.now = io_result::state::failed};
    is_drained_ = false;
    std::size_t total = 0;
    while (total < into.size()) {
        std::size_t size = 0;
        ERR_clear_error();
        if (SSL_read_ex(ssl_.get(), into.data() + total, into.size() - total, &size) != 1) {
            return end_of_call(reader_, total);
        }
        facts_.is_over = true;
        total += size;
    }
    return {.size = total};
}

io_result tls_transport::write(std::span<const bytes> from) noexcept {
    if (!is_secured_ || !owner_) return {.now = io_result::state::closed};
    if (why_.error != errc::ok) return {.now = io_result::state::failed};
    is_drained_ = false;
    std::array<std::uint8_t, record_size> scratch;
    std::size_t total = 0;
    for (int i = 0; i < records_max; ++i) {
        const bytes record = next_record(from, total, scratch);
        if (record.empty()) break;
        std::size_t size = 0;
        ERR_clear_error();
        if (SSL_write_ex(ssl_.get(), record.data(), record.size(), &size) != 1) return end_of_call(writer_, total);
        total += size;
    }
    return {.size = total};
}

/// Of a call that OpenSSL did not complete: what it waits for, or why there is nothing to wait for.
io_result tls_transport::end_of_call(side& who, std::size_t moved) noexcept {
    switch (SSL_get_error(ssl_.get(), 0)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        who.needs_writing = SSL_want_write(ssl_.get());
        return {.size = moved, .now = io_result::state::would_block};
    case SSL_ERROR_ZERO_RETURN: return {.size = moved, .now = io_result::state::closed};
    case SSL_ERROR_SYSCALL:
        if (socket_error_ == 0) return {.size = moved, .now = io_result::state::closed};
        return {.size = moved, .now = io_result::state::failed, .error = socket_error_};
    default: break;
    }
    if (why_.error == errc::ok) why_ = explain_error(ERR_peek_error(), facts_);
    ERR_clear_error();
    return {.size = moved, .now = io_result::state::failed};
}

void tls_transport::wait_readable() {
    reader_.waits = true;
    wait();
}

void tls_transport::wait_writable() {
    writer_.waits = true;
    wait();
}

void tls_transport::wait() {
    const auto is_waited_for = [this](bool writing) {
        return (reader_.waits && reader_.needs_writing == writing) ||
               (writer_.waits && writer_.needs_writing == writing);
    };
    if (is_waited_for(false) && !std::exchange(read_armed_, true)) socket_->wait_readable();
    if (is_waited_for(true) && !std::exchange(write_armed_, true)) socket_->wait_writable();
}

void tls_transport::on_readable(epoch) {
    read_armed_ = false;
    ready(false);
}

void tls_transport::on_writable(epoch) {
    write_armed_ = false;
    ready(true);
}

void tls_transport::ready(bool for_writing) {
    if (!owner_) return;
    const bool reads = reader_.needs_writing == for_writing && std::exchange(reader_.waits, false);
    const bool writes = writer_.needs_writing == for_writing && std::exchange(writer_.waits, false);
    if (!is_secured_) return handshake();
    const auto owner = owner_;
    if (reads) owner->on_readable(epoch_);
    if (writes && owner_) owner->on_writable(epoch_);
}

// ---- OpenSSL calls ----------------------------------------------------------------------------------------

const BIO_METHOD* tls_transport::bio_method() {
    static const BIO_METHOD* const method = [] {
        BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "mqtt_as socket");
        BIO_meth_set_read(made, &bio_read);
        BIO_meth_set_write(made, &bio_write);
        BIO_meth_set_ctrl(made, &bio_control);
        return made;
    }();
    return method;
}

int tls_transport::bio_read(BIO* bio, char* into, int size) {
    auto& self = *static_cast<tls_transport*>(BIO_get_data(bio));
    const std::span space(reinterpret_cast<std::uint8_t*>(into), static_cast<std::size_t>(size));
    io_result r{.now = io_result::state::would_block};
    if (!self.is_drained_) r = self.socket_->read(space);
    self.is_drained_ = r.size < space.size();
    BIO_clear_retry_flags(bio);
    self.has_answered_ = self.has_answered_ || r.size > 0;
    if (r.size > 0) return static_cast<int>(r.size);
    if (r.now == io_result::state::would_block) BIO_set_retry_read(bio);
    self.socket_error_ = r.error;
    return -1;
}

int tls_transport::bio_write(BIO* bio, const char* from, int size) {
    auto& self = *static_cast<tls_transport*>(BIO_get_data(bio));
    const bytes piece(reinterpret_cast<const std::uint8_t*>(from), static_cast<std::size_t>(size));
    const io_result r = self.socket_->write({&piece, 1});
    BIO_clear_retry_flags(bio);
    if (r.size > 0) return static_cast<int>(r.size);
    if (r.now == io_result::state::would_block) BIO_set_retry_write(bio);
    self.socket_error_ = r.error;
    return -1;
}

long tls_transport::bio_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

int tls_transport::on_verified(int is_good, X509_STORE_CTX* store) {
    if (is_good == 1) return 1;
    const auto* const ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto& self = *static_cast<tls_transport*>(SSL_get_app_data(ssl));
    self.why_ = explain_verification(store, self.context_.params(), self.context_.wanted_name());
    return 0;
}

int tls_transport::on_certificate_asked(SSL*, void* self) {
    auto& transport = *static_cast<tls_transport*>(self);
    transport.facts_.certificate_was_missing = transport.context_.params().cert_file.empty();
    transport.facts_.certificate_was_sent = !transport.facts_.certificate_was_missing;
    return 1;
}

}  // namespace mqtt_as::detail
