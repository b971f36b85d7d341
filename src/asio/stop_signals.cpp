// The handler of SIGINT and SIGTERM rings bells; each event loop that wants to know waits at one of its own.
//
// A handler interrupts any thread anywhere, and may look only at what never goes away: so bells are recycled and never
// freed. There are as many as there ever were listeners at a time.
#include "src/asio/stop_signals.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <fcntl.h>
#include <mutex>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace mqtt_as::detail {

namespace {

constexpr std::array numbers{SIGINT, SIGTERM};

std::mutex installing;  // guards the two below
unsigned listeners = 0;
std::array<struct sigaction, numbers.size()> before;

}  // namespace

class stop_signals::bell {
public:
    /// One that nobody else waits at.
    static bell* take() {
        for (bell* b = newest_; b != nullptr; b = b->made_before_) {
            if (b->taken_.exchange(true)) continue;
            b->heard();  // what rang before is not for us
            return b;
        }
        auto* const made = new bell;
        while (!newest_.compare_exchange_weak(made->made_before_, made)) {
        }
        return made;
    }
    void give_back() noexcept { taken_ = false; }
    /// Of the taker's own.
    int descriptor() const noexcept { return ::fcntl(descriptor_, F_DUPFD_CLOEXEC, 0); }
    /// How many times it has rung since the last look.
    std::uint64_t heard() const noexcept {
        std::uint64_t times = 0;
        return ::read(descriptor_, &times, sizeof times) == sizeof times ? times : 0;
    }

    static int last_number() noexcept { return last_number_; }
    static void ring_all(int number) noexcept {
        const int kept = errno;
        last_number_ = number;
        constexpr std::uint64_t once = 1;
        for (const bell* b = newest_; b != nullptr; b = b->made_before_) {
            if (!b->taken_) continue;
            [[maybe_unused]] const auto size =
                ::write(b->descriptor_, &once, sizeof once);  // fails when full: it rings
        }
        errno = kept;
    }

private:
    bell() {
        if (descriptor_ < 0) throw std::system_error(errno, std::system_category(), "eventfd");
    }

    const int descriptor_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    std::atomic<bool> taken_{true};
    bell* made_before_ = nullptr;

    static inline std::atomic<bell*> newest_{nullptr};
    static inline std::atomic<int> last_number_{0};
};

void stop_signals::give_back::operator()(bell* b) const noexcept { b->give_back(); }

stop_signals::stop_signals(const boost::asio::any_io_executor& executor, std::function<void(int)> told)
    : executor_(executor), told_(std::move(told)), bell_(bell::take()),
      socket_(io_executor(&executor_), stream_protocol(AF_UNSPEC, 0), bell_->descriptor()) {
    const std::lock_guard lock(installing);
    if (listeners++ != 0) return;
    struct sigaction ours{};
    ours.sa_handler = &bell::ring_all;
    ::sigfillset(&ours.sa_mask);
    for (std::size_t i = 0; i < numbers.size(); ++i) ::sigaction(numbers[i], &ours, &before[i]);
}

stop_signals::~stop_signals() {
    const std::lock_guard lock(installing);
    if (--listeners != 0) return;
    for (std::size_t i = 0; i < numbers.size(); ++i) ::sigaction(numbers[i], &before[i], nullptr);
}

void stop_signals::listen() {
    socket_.async_wait(stream_socket::wait_read, wait_handler::calling<&stop_signals::on_readable>(borrowed(*this)));
}

void stop_signals::on_readable(boost::system::error_code cancelled) {
    if (cancelled) return;
    const std::uint64_t times = bell_->heard();
    listen();
    for (std::uint64_t i = 0; i < times; ++i) told_(bell::last_number());
}

}  // namespace mqtt_as::detail
