// What the application asks for, from any thread. Nothing here runs a handler: it becomes ready, and a turn runs it.
#include "src/asio/clock.hpp"
#include "src/asio/core.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

namespace mqtt_as::detail {

// ---- memory of waiters ------------------------------------------------------------------------------------

void* core::acquire_block() {
    block* b = in_turn() ? turn_free_.pop() : nullptr;
    if (b == nullptr) b = acquire_shared_block();
    b->used = true;
    return b->memory;
}

block* core::acquire_shared_block() {
    const lock_type lock(mutex_);
    block* const free = free_.pop();
    return free != nullptr ? free : store_.make();
}

void core::release_block(void* memory) noexcept {
    block* const b = block::of(memory);
    b->used = false;
    if (in_turn()) return turn_free_.push(b);
    release_shared_block(b);
}

void core::release_shared_block(block* b) noexcept {
    const lock_type lock(mutex_);
    free_.push(b);
}

std::uint64_t core::new_ticket(waiter& who) noexcept {
    const std::uint64_t ticket = tickets_.fetch_add(1, std::memory_order_relaxed) + 1;
    block::of(&who)->ticket.store(ticket, std::memory_order_relaxed);
    return ticket;
}

void core::abandon() noexcept {
    std::vector<waiter*> all;
    std::shared_ptr<transport> lost;
    std::unique_ptr<watched_link> unwatched;
    {
        const lock_type lock(mutex_);
        abandoned_ = true;
        store_.for_each_used([&all](block& b) { all.push_back(reinterpret_cast<waiter*>(b.memory)); });
        for (waiter* who : all) {
            block::of(who)->ticket.store(0, std::memory_order_relaxed);
            if (who->where == waiter::place::operation) engine_.disown(who->id);
        }
        ready_.take();
        lists_ = {};
        questions_.clear();
        errands_.clear();
        lost = std::exchange(transport_, nullptr);
        unwatched = std::exchange(link_, nullptr);
        open_ = false;
    }
    if (lost) lost->close();
    for (waiter* who : all) {
        block* const b = block::of(who);
        if (!std::exchange(b->used, false)) continue;
        who->abandon();
    }
    parked_publishes_.clear();
}

// ---- connecting -------------------------------------------------------------------------------------------

void core::connect(const connect_options& options, result_waiter<connect_result>* who) {
    lock_type lock(mutex_);
    const errc error = engine_.start(boot_time(), options.retry);
    if (error == errc::ok) {
        started_ = true;
        quick_ = options.quick;
        failure_.reset();
        enlist(who, connecting);
        collect();
    } else {
        make_ready(who, error);
    }
    wake(lock);
}

void core::disconnect(const disconnect_options& options, result_waiter<void>* who) {
    lock_type lock(mutex_);
    if (closed_) {
        make_ready(who, errc::closed);
    } else {
        const duration grace = engine_duration(options.grace);
        stop_due_ = stop_due_ ? std::min(*stop_due_, grace) : grace;
        enlist(who, disconnecting);
    }
    wake(lock);
}

void core::close() {
    lock_type lock(mutex_);
    if (closed_.exchange(true)) return;
    online_.store(false, std::memory_order_relaxed);
    engine_.close(boot_time());
    collect();
    for (int list = 0; list < list_count; ++list) end_list(static_cast<list_name>(list), errc::closed);
    for (const question& q : std::exchange(questions_, {})) make_ready(q.who, errc::closed);
    for (const auto& e : std::exchange(errands_, {})) {
        make_ready(e->who, errc::closed);
        e->stop();
    }
    end_parked(errc::closed);
    wake(lock);
}

void core::let_go() {
    {
        const lock_type lock(mutex_);
        client_ = nullptr;
    }
    close();
}

// ---- publishing -------------------------------------------------------------------------------------------

inline errc core::try_publish(time_point now, std::string_view topic, payload& body, const publish_options& options,
                              result_waiter<publish_result>* who) {
    if (stop_due_) return errc::not_started;
    // A short string keeps its characters inside itself and would move them: it is copied instead.
    constexpr std::size_t never_inside_itself = 64;
    const bytes view = body.view();
    const bool adopts = body.owns() && view.size() >= std::max(settings_.limits().gather_from, never_inside_itself);
    const publish_request request{.topic = topic,
                                  .payload = view,
                                  .qos = options.qos,
                                  .retain = options.retain,
                                  .payload_stays = adopts,
                                  .timeout = engine_duration(options.timeout),
                                  .properties = options.properties,
                                  .owner = static_cast<operation_waiter*>(who)};
    const submitted s = engine_.publish(now, request);
    if (s.error != errc::ok) return s.error;
    attach(s.id, who);
    if (request.payload_stays) adopt(s.id.index, body);
    return errc::ok;
}

void core::adopt(std::uint32_t index, payload& body) {
    if (index >= payloads_.size()) payloads_.resize(index + 1);
    payloads_[index] = std::move(body);
}

void core::publish(std::string_view topic, payload& body, const publish_options& options,
                   result_waiter<publish_result>* who) {
    bool posts = false;
    {
        const std::lock_guard lock(mutex_);
        // Only a deadline needs to know exactly: looking at the clock costs half as much as a whole publish.
        const time_point now = options.timeout.count() > 0 ? boot_time() : now_;
        errc error = errc::queue_full;
        if (parked_publishes_.empty()) error = try_publish(now, topic, body, options, who);
        if (error != errc::ok) publish_when_full(now, topic, body, options, who, error);
        posts = !tell_turn();
    }
    if (posts) post_turn();
}

/// What follows when the engine would not have it.
void core::publish_when_full(time_point now, std::string_view topic, payload& body, const publish_options& options,
                             result_waiter<publish_result>* who, errc error) {
    const full_policy policy = settings_.keys().on_full;
    while (error == errc::queue_full && policy == full_policy::drop_oldest_qos0 && engine_.drop_oldest_qos0(now)) {
        collect();
        error = try_publish(now, topic, body, options, who);
    }
    if (error == errc::queue_full && policy == full_policy::wait) {
        park(now, topic, std::move(body), options, who);
    } else if (error != errc::ok) {
        make_ready(who, error);
    }
}

void core::park(time_point now, std::string_view topic, payload&& body, const publish_options& options,
                result_waiter<publish_result>* who) {
    std::optional<time_point> deadline;
    if (options.timeout.count() > 0) watch(*(deadline = now + engine_duration(options.timeout)));
    parked_publishes_.emplace_back(who, topic, std::move(body), options, deadline);
    who->wait_in(parked);
}

void core::unpark(time_point now) {
    while (!parked_publishes_.empty()) {
        parked_publish& p = parked_publishes_.front();
        if (p.deadline) p.what.options.timeout = std::chrono::milliseconds(std::max((*p.deadline - now).count(), 1));
        const errc error = try_publish(now, p.what.topic, p.what.body, p.what.options, p.who);
        if (error == errc::queue_full) return;
        if (error != errc::ok) make_ready(p.who, error);
        dead_payloads_.push_back(std::move(p.what.body));
        parked_publishes_.pop_front();
    }
}

void core::end_parked(errc error) {
    for (parked_publish& p : parked_publishes_) {
        make_ready(p.who, error);
        dead_payloads_.push_back(std::move(p.what.body));
    }
    parked_publishes_.clear();
}

// ---- subscribing ------------------------------------------------------------------------------------------

void core::subscribe(std::string_view filter, const subscribe_options& options, result_waiter<subscribe_result>* who) {
    lock_type lock(mutex_);
    if (stop_due_) {
        make_ready(who, errc::not_started);
        return wake(lock);
    }
    const submitted s = engine_.subscribe(boot_time(), {.filter = filter,
                                                        .qos = options.qos,
                                                        .no_local = options.no_local,
                                                        .retain_as_published = options.retain_as_published,
                                                        .retain_handling = options.retain_handling,
                                                        .timeout = engine_duration(options.timeout),
                                                        .properties = options.properties,
                                                        .owner = static_cast<operation_waiter*>(who)});
    if (s.error == errc::ok) {
        attach(s.id, who);
        collect();  // the answer may be known already
    } else {
        make_ready(who, s.error);
    }
    wake(lock);
}

void core::unsubscribe(std::string_view filter, const unsubscribe_options& options,
                       result_waiter<unsubscribe_result>* who) {
    lock_type lock(mutex_);
    const submitted s = engine_.unsubscribe(boot_time(), {.filter = filter,
                                                          .timeout = engine_duration(options.timeout),
                                                          .properties = options.properties,
                                                          .owner = static_cast<operation_waiter*>(who)});
    if (s.error == errc::ok) {
        attach(s.id, who);
        collect();
    } else {
        make_ready(who, s.error);
    }
    wake(lock);
}

// ---- waiting ----------------------------------------------------------------------------------------------

void core::broker_up(result_waiter<bool>* who) {
    constexpr duration fresh{1'000};
    lock_type lock(mutex_);
    const time_point now = boot_time();
    if (closed_ || !engine_.is_online()) {
        make_ready(who, closed_ ? errc::closed : errc::ok);
    } else if (now - engine_.last_received() < fresh) {
        who->result = true;
        make_ready(who, errc::ok);
    } else {
        engine_.ping(now);
        const time_point deadline = now + settings_.engine().response_time;
        questions_.push_back({who, deadline, reads_});
        watch(deadline);
        who->wait_in(asking);
    }
    wake(lock);
}

void core::refuse(waiter* who, errc error) {
    lock_type lock(mutex_);
    make_ready(who, error);
    wake(lock);
}

bool core::begin_errand(const std::shared_ptr<errand>& e) {
    lock_type lock(mutex_);
    if (closed_) {
        make_ready(e->who, errc::closed);
        wake(lock);
        return false;
    }
    e->who->wait_in(on_errand);
    errands_.push_front(e);
    return true;
}

bool core::forget_errand(const errand& e) noexcept {
    return std::erase_if(errands_, [&e](const auto& each) { return each.get() == &e; }) > 0;
}

void core::receive(result_waiter<queued_message>* who) {
    lock_type lock(mutex_);
    if (closed_ || !queue_) {
        make_ready(who, closed_ ? errc::closed : errc::bad_config);
    } else if (queue_->empty()) {
        enlist(who, receiving);
    } else {
        who->result = take_from_queue(boot_time());
        make_ready(who, errc::ok);
    }
    wake(lock);
}

std::optional<queued_message> core::try_receive() {
    lock_type lock(mutex_);
    if (closed_ || !queue_ || queue_->empty()) return std::nullopt;
    queued_message taken = take_from_queue(boot_time());
    wake(lock);
    return taken;
}

bool core::acknowledge(const delivery& d) {
    if (d.id_ == 0 || d.connection_ == 0) return true;  // nobody waits for it
    lock_type lock(mutex_);
    if (!held_ || closed_ || d.connection_ != held_->connection) return false;
    auto& entries = held_->entries;
    auto found = entries.begin();
    while (found != entries.end() && found->id != d.id_) ++found;
    if (found == entries.end()) return true;  // it has been
    entries.erase(found);
    engine_.acknowledge(boot_time(), d.id_);
    wake(lock);
    return true;
}

void core::wait(bool up, result_waiter<void>* who) {
    lock_type lock(mutex_);
    if (closed_ || (up ? up_ : down_)) {
        make_ready(who, closed_ ? errc::closed : errc::ok);
    } else {
        enlist(who, up ? waiting_up : waiting_down);
    }
    wake(lock);
}

void core::set_flag(bool up) {
    lock_type lock(mutex_);
    raise_flag(up);
    wake(lock);
}

void core::clear_flag(bool up) {
    const lock_type lock(mutex_);
    (up ? up_ : down_) = false;
}

bool core::flag(bool up) const {
    const lock_type lock(mutex_);
    return up ? up_ : down_;
}

// ---- cancelling -------------------------------------------------------------------------------------------

void core::cancel(waiter* who, std::uint64_t ticket, cancel_scope scope) noexcept {
    lock_type lock(mutex_);
    if (block::of(who)->ticket.load(std::memory_order_relaxed) != ticket) return;  // it has ended
    const time_point now = boot_time();
    if (who->where == waiter::place::operation) {
        if (detaching_ && in_turn()) {
            static_cast<operation_waiter*>(who)->result.may_have_been_delivered = true;
            engine_.disown(who->id);
            make_ready(who, errc::cancelled);
        } else {
            engine_.cancel(now, who->id, scope);
            collect();
        }
    } else if (who->where == waiter::place::list) {
        if (who->list == connecting) {
            who->error = errc::cancelled;  // told when the attempt has been given up
            engine_.stop(now, duration(0));
            collect();
        } else {
            if (who->list < list_count) lists_[who->list].remove(who);
            std::erase_if(questions_, [who](const question& q) { return q.who == who; });
            std::erase_if(errands_, [who](const auto& e) {
                if (e->who == who) e->stop();
                return e->who == who;
            });
            std::erase_if(parked_publishes_, [this, who](parked_publish& p) {
                if (p.who != who) return false;
                dead_payloads_.push_back(std::move(p.what.body));
                return true;
            });
            make_ready(who, errc::cancelled);
        }
    }
    wake(lock);
}

// ---- questions --------------------------------------------------------------------------------------------

explanation core::explain() {
    const lock_type lock(mutex_);
    explanation e;
    static_cast<status&>(e) = engine_.look();
    e.now = boot_time();
    e.closed = closed_;
    e.server = settings_.server_text();
    if (link_) e.link = link_->state.text;
    if (network_) {
        e.rssi = network_->signal();
        boost::asio::post(executor_, std::function<void()>([network = network_] { network->poll_signal(); }));
    }
    e.address = last_address_;
    if (tls_) {
        e.error_text = tls_->error_text;
        if (open_) e.security = tls_->security;
    }
    e.soon_lost = is_connected() && has_held() ? 0 : soon_lost_;
    e.waiting_for_room = parked_publishes_.size();
    e.queue_size = queue_ ? queue_->size() : 0;
    e.discards = discards_;
    e.reads = !is_connected() || engine_.wants_bytes();
    if (held_ && !held_->entries.empty()) {
        e.unacknowledged = held_->entries.size();
        e.unacknowledged_since = held_->entries.front().since;
    }
    e.count = counted();
    return e;
}

statistics core::count() {
    const lock_type lock(mutex_);
    return counted();
}

statistics core::counted() const {
    statistics s;
    static_cast<counters&>(s) = engine_.count();
    s.bytes_sent = sent_before_ + sent_;
    s.bytes_received = received_;
    return s;
}

std::size_t core::queue_size() {
    const lock_type lock(mutex_);
    return queue_ ? queue_->size() : 0;
}

std::uint64_t core::discards() {
    const lock_type lock(mutex_);
    return discards_;
}

}  // namespace mqtt_as::detail
