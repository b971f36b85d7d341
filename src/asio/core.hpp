// What is behind a client: the engine, the pump that connects it to the world, and everyone who waits.
//
// Theory of operation.
//
//   any thread   a request locks, calls the engine, puts its waiter where the answer will find it, and wakes the pump
//   executor     a wait of the transport, the timer or a wake-up has ended: it notes the fact and turns the pump
//   a turn       read and feed, judge the time, run completions and callbacks, write, perform commands; again until
//                nothing is left; then one timer is armed
//
// The lock is held for calls of the engine and changes of the front's lists alone: never for a system call, never
// while user code runs. One turn at a time: `pumping_` is the strand. What happens during a turn, in a callback or in
// another thread, only leaves a note that the turn finds before it ends.
//
// A waiter is in one place at a time: its operation's owner in the engine, in one of the front's lists, or ready.
// Completions run from the turn, in the order in which they became ready, and before the callbacks of later events.
// When the connection is lost nothing happens to waiters: their operations live on in the engine.
#pragma once

#include "mqtt_as/asio/client.hpp"
#include "mqtt_as/engine.hpp"
#include "mqtt_as/upload_watch.hpp"
#include "src/asio/blocks.hpp"
#include "src/asio/errand.hpp"
#include "src/asio/message_batch.hpp"
#include "src/asio/packet_log.hpp"
#include "src/asio/parts.hpp"
#include "src/asio/settings.hpp"
#include "src/asio/transport/transport.hpp"
#include "src/asio/world.hpp"
#include "src/link/io_executor.hpp"
#include "src/link/link.hpp"

#include <array>
#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <cstdint>
#include <deque>
#include <exception>
#include <forward_list>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace mqtt_as::detail {

/// A mutex, or nothing where one thread does everything. Each message takes it once: uncontended it is one atomic
/// operation and no call, where std::mutex makes two calls of 55 instructions in all.
class optional_mutex {
public:
    explicit optional_mutex(bool needed) : needed_(needed) {}
    void lock() noexcept {
        int expected = is_free;
        if (needed_ && !state_.compare_exchange_strong(expected, is_held, std::memory_order_acquire)) wait();
    }
    void unlock() noexcept {
        if (needed_ && state_.exchange(is_free, std::memory_order_release) == has_waiters) state_.notify_one();
    }

private:
    void wait() noexcept {
        while (state_.exchange(has_waiters, std::memory_order_acquire) != is_free) state_.wait(has_waiters);
    }

    static constexpr int is_free = 0;
    static constexpr int is_held = 1;
    static constexpr int has_waiters = 2;  // held, and somebody may wait
    std::atomic<int> state_{is_free};
    const bool needed_;
};

class heap final : public memory_source {
public:
    void* allocate(std::size_t size) noexcept override { return ::operator new(size, std::nothrow); }
    void deallocate(void* block, std::size_t) noexcept override { ::operator delete(block); }
};

/// With `config::manual_acknowledgement`: what the application has and has not acknowledged yet.
struct held_messages {
    struct entry {
        acknowledge_id id;
        time_point since;
    };
    std::vector<entry> entries;    // in the order in which it was given them (a deque's `erase` is 1.4 KB)
    std::uint32_t connection = 0;  // what it is given now names this
};

/// A publish that waits for room (full_policy::wait).
struct parked_publish {
    parked_publish(result_waiter<publish_result>* waiting, std::string_view topic, payload&& body,
                   const publish_options& options, std::optional<time_point> until)
        : who(waiting), what(topic, std::move(body), options), deadline(until) {}

    result_waiter<publish_result>* who;
    owned_publish what;
    std::optional<time_point> deadline;
};

class core final : public std::enable_shared_from_this<core>, public transport_events, public link_events {
    using lock_type = std::unique_lock<optional_mutex>;

public:
    core(MQTTClient& client, const boost::asio::any_io_executor& executor, const config& given);
    ~core();

    // ---- requests: any thread (core_requests.cpp) ---------------------------------------------------------
    void connect(const connect_options&, result_waiter<connect_result>*);
    void publish(std::string_view topic, payload& body, const publish_options&, result_waiter<publish_result>*);
    void subscribe(std::string_view filter, const subscribe_options&, result_waiter<subscribe_result>*);
    void unsubscribe(std::string_view filter, const unsubscribe_options&, result_waiter<unsubscribe_result>*);
    void disconnect(const disconnect_options&, result_waiter<void>*);
    void broker_up(result_waiter<bool>*);
    void receive(result_waiter<queued_message>*);
    std::optional<queued_message> try_receive();
    bool acknowledge(const delivery&);
    void wait(bool up, result_waiter<void>*);
    void set_flag(bool up);
    void clear_flag(bool up);
    bool flag(bool up) const;
    void cancel(waiter*, std::uint64_t ticket, cancel_scope) noexcept;
    /// Ends an operation that cannot begin.
    void refuse(waiter*, errc);
    /// False when the client is closed: then its waiter has ended already.
    bool begin_errand(const std::shared_ptr<errand>&);
    /// `fill_in` puts the result into the waiter, if that still waits.
    template <class FillIn>
    void end_errand(const errand& ended, FillIn fill_in) {
        lock_type lock(mutex_);
        if (!forget_errand(ended)) return;
        fill_in(ended.who);
        make_ready(ended.who, errc::ok);
        wake(lock);
    }
    void close();
    /// The client object is going: as `close`, and it is not touched any more.
    void let_go();

    // ---- questions: any thread ----------------------------------------------------------------------------
    bool is_connected() const noexcept { return online_.load(std::memory_order_relaxed); }
    explanation explain();
    statistics count();
    std::size_t queue_size();
    std::uint64_t discards();
    const settings& configured() const noexcept { return settings_; }
    const boost::asio::any_io_executor& executor() const noexcept { return executor_; }

    // ---- memory of waiters --------------------------------------------------------------------------------
    void* acquire_block();
    void release_block(void*) noexcept;
    std::uint64_t new_ticket(waiter&) noexcept;
    [[gnu::noinline]] block* acquire_shared_block();
    [[gnu::noinline]] void release_shared_block(block*) noexcept;

    // ---- the transport tells: executor ---------------------------------------------------------------------
    void on_stage(epoch, stage) override;
    void on_opened(epoch) override;
    void on_failed(epoch, errc, int error) override;
    void on_readable(epoch) override;
    void on_writable(epoch) override;

    // ---- the network link tells: executor (core_link.cpp) --------------------------------------------------
    void on_link(const link_state&) override;

    // ---- handlers that are coroutines (core_coroutines.cpp, which knows them by coroutine_code) ------------
    void spawn_wifi_coro(bool up);
    void spawn_connect_coro();

private:
    /// Which list a waiter is in, and of what kind it is.
    enum list_name : std::uint8_t {
        connecting,
        disconnecting,
        receiving,
        waiting_up,
        waiting_down,
        list_count,
        asking = list_count,  // in `questions_`
        on_errand,            // in `errands_`
        parked                // in `parked_publishes_`
    };
    /// What is to be told to the user's callbacks.
    struct notice {
        enum class kind : std::uint8_t { connected, renewed, refused, lost, stopped, link_up, link_down, text } what;
        std::string text{};
        reason_code reason{};
    };

    // ---- the pump (core.cpp) ------------------------------------------------------------------------------
    class wake_up;
    /// Whoever asked for something says so: the turn under way will find it. False when there is none: then one is to
    /// be posted, without the lock.
    bool tell_turn() noexcept {
        if (pumping_) again_ = true;
        return pumping_ || std::exchange(wake_posted_, true) || abandoned_;
    }
    void post_turn();
    void wake(lock_type& lock) {
        if (tell_turn()) return;
        lock.unlock();
        post_turn();
    }
    void happened(lock_type&);
    bool let_others_ask(lock_type&);
    void turn(lock_type&);
    bool is_idle() const;
    /// Whether the last connection has lasted, or lasts, for `backoff.stable_after`.
    bool has_held() const;
    void read(lock_type&);
    bool feed(lock_type&, bytes in);
    void perform(lock_type&);
    void write(lock_type&);
    bool write_batch(lock_type&);
    void fail_write(lock_type&);
    void stop();
    void judge_time(lock_type&);
    void judge_front_deadlines(time_point now);
    void arm(lock_type&);
    void on_timer(boost::system::error_code);
    void watch(time_point deadline);
    statistics counted() const;
    std::uint64_t acknowledged_by_peer() const;
    void look_at_peer(time_point now);
    void lose_transport(lock_type&, errc, int error);
    void tell_end(const transport* lost, epoch, errc, int error);
    bool in_turn() const noexcept { return current_turn_ == this; }

    // ---- the network link (core_link.cpp) -----------------------------------------------------------------
    void ask_link(lock_type&);
    void drop_link(lock_type&);
    std::shared_ptr<transport> make_transport();
    std::unique_ptr<link> make_link();

    // ---- events (core_events.cpp) -------------------------------------------------------------------------
    /// Takes what the engine has to tell: after each of its calls.
    void collect();
    void on_done(const op_done&);
    void on_event(const connected&);
    void on_event(const renewed&);
    void on_event(const renewal_refused&);
    void on_event(const disconnected&);
    void on_event(const waiting&);
    void on_event(const gave_up&);
    void on_event(const stopped&);
    void deliver(lock_type&, message_batch&);
    void keep(message_batch&);
    void enqueue(time_point now, const message&);
    void hand_over(time_point now, queued_message&);
    void end_deliveries();
    errc try_publish(time_point now, std::string_view topic, payload& body, const publish_options&,
                     result_waiter<publish_result>*);
    void publish_when_full(time_point now, std::string_view topic, payload& body, const publish_options&,
                           result_waiter<publish_result>*, errc);
    void adopt(std::uint32_t index, payload& body);
    void park(time_point now, std::string_view topic, payload&& body, const publish_options&,
              result_waiter<publish_result>*);
    static void attach(op_id id, waiter* who) noexcept {
        who->id = id;
        who->where = waiter::place::operation;
    }
    void let_go_of_payload(op_id id) { dead_payloads_.push_back(std::exchange(payloads_[id.index], {})); }
    void make_ready(waiter* who, errc error) noexcept {
        who->error = error;
        who->where = waiter::place::ready;
        block::of(who)->ticket.store(0, std::memory_order_relaxed);  // from now on it may go without the lock
        ready_.push(who);
    }
    void enlist(waiter*, list_name) noexcept;
    void end_list(list_name, errc) noexcept;
    void end_parked(errc);
    queued_message take_from_queue(time_point now);
    void raise_flag(bool up);
    void unpark(time_point now);
    void end_asking(bool answer);
    bool forget_errand(const errand&) noexcept;
    void note(std::string text);
    void note(std::vector<std::string> lines);

    // ---- user code (core_callbacks.cpp) -------------------------------------------------------------------
    void run_ready(lock_type&);
    void run_completions(lock_type&, waiter* first);
    void run_notice(const notice&);
    void start_wifi_coro(bool up);
    void start_connect_coro();
    void cancel_connect_coro();
    void report(std::exception_ptr, std::string_view where) noexcept;
    void print(std::string_view line) noexcept;
    void abandon() noexcept;
    void connect_coro_ended(std::exception_ptr);

    // ---- given at construction ------------------------------------------------------------------------------
    const settings settings_;
    const boost::asio::any_io_executor executor_;
    mutable optional_mutex mutex_;
    heap memory_;
    engine engine_;       // everything below is guarded by the lock unless it says otherwise
    MQTTClient* client_;  // null once it is gone

    // ---- waiters --------------------------------------------------------------------------------------------
    std::vector<payload> payloads_;  // by op_id::index, grown when the first one is adopted
    std::array<waiter_list, list_count> lists_;
    ready_waiters ready_;
    std::list<parked_publish> parked_publishes_;
    struct question {
        result_waiter<bool>* who;
        time_point deadline;
        std::uint64_t reads;  // `reads_` when it was asked
    };
    std::vector<question> questions_;  // of broker_up
    std::forward_list<std::shared_ptr<errand>> errands_;
    std::vector<payload> dead_payloads_;  // to be destroyed without the lock
    std::vector<notice> notices_;
    block_store store_;
    block_list free_;
    block_list turn_free_;  // touched by the turn alone, without the lock
    std::atomic<std::uint64_t> tickets_{0};

    // ---- event interface --------------------------------------------------------------------------------------
    bool up_ = false;
    bool down_ = false;
    std::unique_ptr<std::deque<queued_message>> queue_;  // when there is one
    std::unique_ptr<held_messages> held_;                // with manual_acknowledgement
    std::uint64_t discards_ = 0;

    // ---- state --------------------------------------------------------------------------------------------------
    std::atomic<bool> online_{false};
    bool started_ = false;                     // between `connect` and the end of it
    std::atomic<bool> closed_{false};          // by `close`, for good
    std::optional<duration> stop_due_;         // `disconnect`, with its grace: after the next write
    bool abandoned_ = false;                   // the event loop has ended
    bool room_ = false;                        // an operation has finished since the last look at the parked
    std::unique_ptr<connect_result> failure_;  // how the running first attempt ended, for who waits for it
    std::uint32_t soon_lost_ = 0;              // see `explanation`
    time_point accepted_at_;                   // the last connection
    std::uint32_t republications_ = 0;         // already added to REPUB_COUNT
    std::string last_address_;

    // ---- the pump -----------------------------------------------------------------------------------------------
    time_point now_;  // when the pump last moved bytes
    bool pumping_ = false;
    bool again_ = false;  // something happened during the turn
    bool wake_posted_ = false;
    bool timer_fired_ = false;
    bool read_ready_ = false;  // bytes may be there
    bool read_armed_ = false;
    bool write_blocked_ = false;
    std::optional<int> write_error_;  // of a write that failed, until the turn comes to it
    bool open_ = false;               // the transport is connected
    epoch epoch_ = 0;
    std::shared_ptr<transport> transport_;
    address_book book_;
    /// With `ssl`.
    struct secured {
        std::unique_ptr<secured_transports> transports;
        std::string security;    // of the connection, for people
        std::string error_text;  // of the end of the last one, for people
    };
    std::unique_ptr<secured> tls_;
    const failure* why_ = nullptr;             // while the engine is told of an end: what the transport knows of it
    std::shared_ptr<joined_network> network_;  // with config::ssid
    /// While started, where there is a link to watch.
    struct watched_link {
        std::unique_ptr<link> watch;
        link_state state;
    };
    std::unique_ptr<watched_link> link_;
    std::uint32_t link_questions_ = 0;    // asked so far
    bool link_failed_ = false;            // there is no netlink here
    bool asks_link_ = false;              // the connection is new, and with it the question
    bool quick_ = false;                  // the first connection is to be made without a check of the Wi-Fi
    std::vector<std::uint8_t> leftover_;  // read, but the engine was busy
    std::uint64_t reads_ = 0;
    std::uint64_t sent_ = 0;         // bytes on this connection
    std::uint64_t sent_before_ = 0;  // on earlier ones
    std::uint64_t received_ = 0;     // bytes on all of them
    upload_watch upload_;
    std::unique_ptr<packet_log> packet_log_;  // of this connection, while DEBUG asks for it
    steady_timer timer_;
    alarm alarm_;  // of `timer_`
    std::optional<time_point> armed_for_;
    std::optional<time_point> front_deadline_;  // of the front's own waiters, or earlier

    // ---- connect_coro: touched by the turn and on the executor alone ------------------------------------------------
    boost::asio::cancellation_signal connect_coro_cancel_;
    bool connect_coro_runs_ = false;
    bool connect_coro_cancelled_ = false;
    bool connect_coro_again_ = false;  // the next one waits for the end of this one
    bool detaching_ = false;           // its operations live on when it is cancelled

    static inline thread_local core* current_turn_ = nullptr;
};

}  // namespace mqtt_as::detail
