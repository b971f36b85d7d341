// The pump: moves bytes, time and events between the engine and the world. It knows nothing of MQTT.
#include "src/asio/core.hpp"

#include "src/asio/clock.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <functional>
#include <utility>

namespace mqtt_as::detail {

namespace {

/// A turn that finds more and more to do lets others have the executor after this many rounds.
constexpr int rounds_max = 16;
/// Reads, and writes, of one round.
constexpr int reads_max = 4;
constexpr int writes_max = 16;
/// Of one write: what a batch of the engine has at most.
constexpr std::size_t pieces_max = 16;
/// Before time is judged everything readable is read, but not for ever.
constexpr int late_rounds_max = 512;

constexpr std::size_t read_size = 64 * 1024;

/// The buffer that all clients of a thread read into. Who finds it in use (a callback runs an event loop of its own)
/// gets another one.
class read_buffer {
public:
    read_buffer() : shared_(!std::exchange(in_use, true)) {
        if (!shared_) own_.resize(read_size);
    }
    ~read_buffer() {
        if (shared_) in_use = false;
    }
    read_buffer(const read_buffer&) = delete;
    read_buffer& operator=(const read_buffer&) = delete;

    std::span<std::uint8_t> span() { return shared_ ? std::span<std::uint8_t>(memory) : own_; }

private:
    static inline thread_local bool in_use = false;
    static inline thread_local std::uint8_t memory[read_size];
    const bool shared_;
    std::vector<std::uint8_t> own_;
};

bool holds(bytes buffer, std::string_view text) {
    const auto* const at = reinterpret_cast<const std::uint8_t*>(text.data());
    return !std::less<>()(at, buffer.data()) && std::less<>()(at, buffer.data() + buffer.size());
}

/// Another thread that asks for something may ask for more. Where it shares a processor with us, its first request has
/// just interrupted it, and each of its messages would become a write of its own: it is to go first. Where that brought
/// nothing we try it again ever more seldom: on a busy machine others would go first, too.
class burst_sense {
public:
    bool expects_more() noexcept {
        if (skipped_ == 0) return true;
        --skipped_;
        return false;
    }
    void learn(bool more_came) noexcept {
        constexpr unsigned fruitless_max = 6;
        fruitless_ = more_came ? 0 : std::min(fruitless_ + 1, fruitless_max);
        skipped_ = (1u << fruitless_) - 1;
    }

private:
    unsigned fruitless_ = 0;  // tries in a row that brought nothing
    unsigned skipped_ = 0;    // wake-ups until the next one
};
thread_local burst_sense bursts;

}  // namespace

/// Turns the pump from the executor. When the event loop ends without having run it, nobody will ever run anything
/// again: the waiters, whose handlers may own us in turn, are destroyed.
class core::wake_up {
public:
    explicit wake_up(std::shared_ptr<core> c) : core_(std::move(c)), poster_(std::this_thread::get_id()) {}
    wake_up(wake_up&&) = default;
    wake_up& operator=(wake_up&&) = delete;
    ~wake_up() {
        if (core_) core_->abandon();
    }
    void operator()() {
        const auto c = std::move(core_);
        lock_type lock(c->mutex_);
        if (poster_ != std::this_thread::get_id() && !c->pumping_ && bursts.expects_more())
            bursts.learn(c->let_others_ask(lock));
        c->wake_posted_ = false;
        c->happened(lock);
    }

private:
    std::shared_ptr<core> core_;
    std::thread::id poster_;
};

core::core(MQTTClient& client, const boost::asio::any_io_executor& executor, const config& given)
    : settings_(given), executor_(executor), mutex_(!given.single_threaded),
      engine_(settings_.engine(), settings_.limits(), memory_, random_seed()), client_(&client),
      timer_(io_executor(&executor_)) {
    if (!engine_.ok()) throw std::bad_alloc();
    if (world* const w = world::of_this_thread) w->expect_own(executor_);
    if (given.ssl) {
        tls_ = std::make_unique<secured>();
        tls_->transports = given.ssl.linked()->make(given.ssl_params, given.server);
    }
    if (const std::string& ssid = given.ssid; !ssid.empty()) network_ = given.ssid.linked()->make(executor_, given);
    if (given.queue_len > 0) queue_ = std::make_unique<std::deque<queued_message>>();
    if (given.manual_acknowledgement) {
        held_ = std::make_unique<held_messages>();
        end_deliveries();
    }
}

core::~core() { abandon(); }

// ---- waking and turning -----------------------------------------------------------------------------------

void core::post_turn() { boost::asio::post(executor_, wake_up(shared_from_this())); }

void core::happened(lock_type& lock) {
    again_ = true;
    if (!pumping_) turn(lock);
}

/// Before a turn. Whoever asks meanwhile leaves the note that the turn would find: true when there is one.
bool core::let_others_ask(lock_type& lock) {
    pumping_ = true;
    again_ = false;
    lock.unlock();
    std::this_thread::yield();
    lock.lock();
    pumping_ = false;
    return again_;
}

void core::turn(lock_type& lock) {
    const auto keep = shared_from_this();
    pumping_ = true;
    core* const outer = std::exchange(current_turn_, this);
    int round = 0;
    do {
        if (std::exchange(timer_fired_, false)) judge_time(lock);
        if (read_ready_) read(lock);
        if (std::exchange(room_, false) && !parked_publishes_.empty()) unpark(boot_time());
        run_ready(lock);
        again_ = false;  // what was asked so far is seen to by what follows
        write(lock);
        if (stop_due_) stop();
        perform(lock);  // last: what was written may have been the last thing to say
    } while (!is_idle() && ++round < rounds_max);
    arm(lock);
    free_.take_all(turn_free_);
    current_turn_ = outer;
    pumping_ = false;
    if (!is_idle()) wake(lock);
}

bool core::is_idle() const {
    return !again_ && ready_.empty() && notices_.empty() && dead_payloads_.empty() && !timer_fired_ &&
           !(room_ && !parked_publishes_.empty()) && !(read_ready_ && open_ && engine_.wants_bytes());
}

// ---- bytes in ---------------------------------------------------------------------------------------------

void core::read(lock_type& lock) {
    if (!open_) {
        read_ready_ = false;
        return;
    }
    if (!leftover_.empty()) {
        if (!engine_.wants_bytes()) return;
        const auto rest = std::exchange(leftover_, {});
        if (!feed(lock, rest)) return;
    }
    read_buffer buffer;
    for (int i = 0; i < reads_max && open_ && engine_.wants_bytes(); ++i) {
        lock.unlock();
        const io_result r = transport_->read(buffer.span());
        lock.lock();
        if (r.size > 0) {
            if (!feed(lock, buffer.span().first(r.size))) return;
            const bool goes_on = r.now == io_result::state::done || r.now == io_result::state::would_block;
            if (goes_on && r.size < buffer.span().size()) {  // drained
                read_ready_ = !leftover_.empty();
                return;
            }
        } else if (r.now == io_result::state::would_block) {
            read_ready_ = false;
            return;
        } else {
            return lose_transport(lock, errc::connection_closed, r.error);
        }
    }
}

/// False when the connection is over.
bool core::feed(lock_type& lock, bytes in) {
    const epoch of = epoch_;
    const time_point now = now_ = boot_time();  // all of it has come by now, however long user code takes
    ++reads_;
    received_ += in.size();
    upload_.reset();
    if (packet_log_) note(packet_log_->received(in));
    message_batch batch;
    while (!in.empty()) {
        const taken t = engine_.on_bytes(now, of, in);
        if (t.received != nullptr) {
            batch.add(*t.received);
            const bool lies_in_engine = !holds(in, t.received->topic);  // until the next call
            if (batch.is_full() || lies_in_engine || queue_) deliver(lock, batch);
            in = in.subspan(t.size);
            continue;
        }
        const bool may_make_room = t.reason == taken::why::busy && !batch.empty();
        deliver(lock, batch);
        if (may_make_room) continue;
        collect();
        in = in.subspan(t.size);
        if (t.reason == taken::why::busy) {
            leftover_.assign(in.begin(), in.end());
            break;
        }
        if (t.reason == taken::why::closed) {
            read_ready_ = false;
            return false;
        }
    }
    deliver(lock, batch);
    end_asking(true);
    return true;
}

// ---- bytes out --------------------------------------------------------------------------------------------

void core::write(lock_type& lock) {
    now_ = boot_time();
    for (int i = 0; i < writes_max; ++i) {
        if (write_error_) return fail_write(lock);
        if (!write_batch(lock)) return;
    }
    again_ = true;
}

/// False when there is nothing to write, or no way to.
bool core::write_batch(lock_type& lock) {
    if (!open_ || write_blocked_ || write_error_) return false;
    std::array<bytes, pieces_max> gather;
    const time_point now = now_;
    const std::size_t count = engine_.poll_transmit(now, gather);
    if (count == 0) return false;
    lock.unlock();
    const io_result r = transport_->write(std::span<const bytes>(gather).first(count));
    lock.lock();
    if (r.size > 0) {
        sent_ += r.size;
        if (packet_log_) note(packet_log_->sent(std::span<const bytes>(gather).first(count), r.size));
        engine_.on_sent(now, epoch_, r.size);
        collect();
    }
    if (r.now == io_result::state::would_block) {
        write_blocked_ = true;
        lock.unlock();
        transport_->wait_writable();
        lock.lock();
    } else if (r.now != io_result::state::done) {
        write_error_ = r.error;
    }
    return true;
}

void core::fail_write(lock_type& lock) {
    // What the server said before it closed may still be readable: why it refused us, or left.
    read_ready_ = true;
    read(lock);
    if (open_) lose_transport(lock, errc::connection_closed, write_error_.value_or(0));
    again_ = true;
}

/// What was accepted before `disconnect` has been given to the transport by now, as far as that took it.
void core::stop() {
    engine_.stop(boot_time(), *std::exchange(stop_due_, std::nullopt));
    collect();
    again_ = true;
}

// ---- commands ---------------------------------------------------------------------------------------------

void core::perform(lock_type& lock) {
    while (const auto c = engine_.poll_command()) {
        again_ = true;
        if (c->what == command::kind::close) {
            lose_transport(lock, errc::connection_closed, 0);
        } else {
            epoch_ = c->epoch;
            note("Connecting to broker.");
            transport_ = make_transport();
            ask_link(lock);
            lock.unlock();
            transport_->open();
            lock.lock();
        }
    }
    if (std::exchange(asks_link_, false)) ask_link(lock);
    if (!started_ && (link_ || network_)) drop_link(lock);
}

void core::lose_transport(lock_type& lock, errc error, int number) {
    const auto lost = std::exchange(transport_, nullptr);
    open_ = read_ready_ = read_armed_ = write_blocked_ = false;
    write_error_.reset();
    leftover_ = {};
    if (lost) {
        lock.unlock();
        lost->close();
        lock.lock();
    }
    tell_end(lost.get(), epoch_, error, number);
}

void core::tell_end(const transport* lost, epoch e, errc error, int number) {
    if (packet_log_) note(packet_log_->ended());
    packet_log_.reset();
    failure why;
    if (lost != nullptr) {
        last_address_ = lost->address();
        why = lost->why();
    }
    if (why.error != errc::ok) error = why.error;
    why_ = &why;
    engine_.on_closed(boot_time(), e, error, number, why.can_retry_help);
    collect();
    why_ = nullptr;
}

// ---- time -------------------------------------------------------------------------------------------------

void core::judge_time(lock_type& lock) {
    const auto due = engine_.deadline();
    if (due && *due <= boot_time()) {
        // We may be late: what has arrived meanwhile comes first.
        read_ready_ = read_ready_ || open_;
        for (int i = 0; i < late_rounds_max && read_ready_ && open_ && engine_.wants_bytes(); ++i) read(lock);
        const time_point now = boot_time();
        if (open_) look_at_peer(now);
        engine_.on_time(now);
        collect();
    }
    judge_front_deadlines(boot_time());
}

std::uint64_t core::acknowledged_by_peer() const {
    return sent_ - std::min<std::uint64_t>(transport_->unacknowledged(), sent_);
}

void core::look_at_peer(time_point now) {
    const duration response_time = settings_.engine().response_time;
    if (upload_.look(now, sent_, acknowledged_by_peer(), response_time)) engine_.on_peer_progress(now, epoch_);
}

void core::watch(time_point deadline) {
    if (!front_deadline_ || deadline < *front_deadline_) front_deadline_ = deadline;
}

void core::judge_front_deadlines(time_point now) {
    if (!front_deadline_ || now < *front_deadline_) return;
    front_deadline_.reset();
    for (std::size_t i = 0; i < questions_.size();) {
        if (now < questions_[i].deadline) {
            watch(questions_[i++].deadline);
            continue;
        }
        questions_[i].who->result = false;
        make_ready(questions_[i].who, errc::ok);
        questions_.erase(questions_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    for (auto p = parked_publishes_.begin(); p != parked_publishes_.end();) {
        if (!p->deadline || now < *p->deadline) {
            if (p->deadline) watch(*p->deadline);
            ++p;
            continue;
        }
        make_ready(p->who, errc::timed_out);
        dead_payloads_.push_back(std::move(p->what.body));
        p = parked_publishes_.erase(p);
    }
}

/// At the end of a turn: one wait for bytes, one for time. A timer that is set for an earlier moment stays: it looks
/// again when it fires.
void core::arm(lock_type& lock) {
    if (const std::uint32_t n = engine_.count().republications; n != republications_) {
        MQTTClient::REPUB_COUNT += n - republications_;
        republications_ = n;
    }
    auto due = engine_.deadline();
    if (front_deadline_ && (!due || *front_deadline_ < *due)) due = front_deadline_;
    const bool reads = open_ && !read_ready_ && !read_armed_ && engine_.wants_bytes();
    const bool sets_timer = due && !(armed_for_ && *armed_for_ <= *due);
    const bool stops_timer = !due && armed_for_;
    if (!reads && !sets_timer && !stops_timer) return;
    if (reads) read_armed_ = true;
    armed_for_ = due ? (sets_timer ? due : armed_for_) : std::nullopt;
    lock.unlock();
    if (reads) transport_->wait_readable();
    if (stops_timer) {
        alarm_.stop();
        timer_.cancel();
    }
    if (sets_timer) {
        const auto in = std::max(duration(0), *due - boot_time());
        alarm_ = alarm(timer_, std::chrono::milliseconds(in.count()));
        timer_.async_wait(wait_handler::calling<&core::on_timer>(shared_from_this()));
    }
    lock.lock();
}

void core::on_timer(boost::system::error_code cancelled) {
    if (cancelled && !alarm_.has_rung()) return;
    lock_type lock(mutex_);
    armed_for_.reset();
    timer_fired_ = true;
    happened(lock);
}

// ---- the transport tells ----------------------------------------------------------------------------------

void core::on_stage(epoch e, stage s) {
    lock_type lock(mutex_);
    if (e != epoch_ || !transport_) return;
    engine_.on_stage(boot_time(), e, s);
    collect();
    happened(lock);
}

void core::on_opened(epoch e) {
    lock_type lock(mutex_);
    if (e != epoch_ || !transport_) return;
    open_ = true;
    sent_before_ += std::exchange(sent_, 0);
    upload_.reset();
    if (auto* const make = MQTTClient::DEBUG.makes_log()) packet_log_ = make(settings_.keys().version);
    last_address_ = transport_->address();
    asks_link_ = true;  // in the turn: asking lets go of the lock
    if (tls_) note("Secured by " + (tls_->security = transport_->security()) + ".");
    engine_.on_opened(boot_time(), e);
    collect();
    happened(lock);
}

void core::on_failed(epoch e, errc error, int number) {
    lock_type lock(mutex_);
    if (e != epoch_ || !transport_) return;
    tell_end(std::exchange(transport_, nullptr).get(), e, error, number);
    happened(lock);
}

void core::on_readable(epoch e) {
    lock_type lock(mutex_);
    if (e != epoch_ || !open_) return;
    read_armed_ = false;
    read_ready_ = true;
    happened(lock);
}

void core::on_writable(epoch e) {
    lock_type lock(mutex_);
    if (e != epoch_ || !open_) return;
    write_blocked_ = false;
    happened(lock);
}

}  // namespace mqtt_as::detail
