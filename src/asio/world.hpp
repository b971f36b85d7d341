// What the front takes from the world around it: time, timers, connections, the link. A thread may live in another
// world than the real one: that of mqtt_as::testing, where time passes when nothing else happens.
#pragma once

#include "mqtt_as/types.hpp"
#include "src/asio/transport/transport.hpp"
#include "src/link/link.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace mqtt_as::detail {

class world {
public:
    /// The one that the calling thread lives in; nullptr: the real one. Everything that a client does must happen in
    /// the thread that it was made in.
    static constinit inline thread_local world* of_this_thread = nullptr;

    /// Throws std::logic_error when it is not this world's event loop: its time would not pass.
    virtual void expect_own(const boost::asio::any_io_executor&) = 0;
    /// Throws std::logic_error: who waits in real time here, by `what`, would wait for ever.
    [[noreturn]] virtual void refuse_to_wait(const char* what) = 0;

    /// What left a callback of a client that has no `config::on_error`.
    virtual void fails(std::exception_ptr) noexcept = 0;

    virtual time_point now() const noexcept = 0;
    /// Chance.
    virtual std::uint64_t draw() = 0;
    /// Calls `ring` after `span`, unless the alarm is stopped before.
    virtual std::uint64_t set_alarm(std::chrono::nanoseconds span, std::function<void()> ring) = 0;
    virtual void stop_alarm(std::uint64_t) noexcept = 0;
    virtual std::shared_ptr<transport> make_transport(const boost::asio::any_io_executor&, epoch,
                                                      const std::string& server, std::shared_ptr<transport_events>) = 0;
    virtual std::unique_ptr<link> make_link(const boost::asio::any_io_executor&, std::weak_ptr<link_events>) = 0;

protected:
    ~world() = default;
};

/// Sets a timer in the world that the calling thread lives in. To those who wait for the timer it has expired, whatever
/// the error code says, when `has_rung()`.
class alarm {
public:
    alarm() = default;
    /// `timer`: one of Asio's, on the steady clock.
    template <class Timer>
    alarm(Timer& timer, std::chrono::nanoseconds span) {
        world_ = world::of_this_thread;
        if (world_ == nullptr) {
            timer.expires_after(span);
            return;
        }
        timer.expires_at(std::chrono::steady_clock::time_point::max());
        rung_ = std::make_shared<bool>(false);
        id_ = world_->set_alarm(span, [&timer, rung = rung_] {
            *rung = true;
            timer.cancel();
        });
    }
    ~alarm() { stop(); }
    alarm(alarm&& other) noexcept { swap(other); }
    alarm& operator=(alarm&& other) noexcept {
        swap(other);
        return *this;
    }

    bool has_rung() const noexcept { return rung_ && *rung_; }
    void stop() noexcept {
        if (world_ != nullptr && !has_rung()) world_->stop_alarm(id_);
        world_ = nullptr;
    }

private:
    void swap(alarm& other) noexcept {
        std::swap(world_, other.world_);
        std::swap(id_, other.id_);
        std::swap(rung_, other.rung_);
    }

    world* world_ = nullptr;
    std::uint64_t id_ = 0;
    std::shared_ptr<bool> rung_;
};

}  // namespace mqtt_as::detail
