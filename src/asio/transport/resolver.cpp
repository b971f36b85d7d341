// Names to addresses on detached threads.
#include "src/asio/transport/resolver.hpp"

#include "src/link/addresses.hpp"

#include <algorithm>
#include <netdb.h>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <utility>

namespace mqtt_as::detail {

namespace {

lookup::answer ask_system(const std::string& name) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    lookup::answer answer;
    answer.error = ::getaddrinfo(name.c_str(), nullptr, &hints, &list);
    if (answer.error != 0) return answer;
    for (const addrinfo* a = list; a != nullptr; a = a->ai_next) {
        if (const auto address = address_of(a->ai_addr)) answer.found.push_back(*address);
    }
    ::freeaddrinfo(list);
    if (answer.found.empty()) answer.error = EAI_NONAME;
    return answer;
}

}  // namespace

std::shared_ptr<lookup> lookup::begin(std::string name, std::function<void()> listener) {
    auto shared = std::make_shared<lookup>();
    shared->listener_ = std::move(listener);
    const auto answer_with = [](lookup& to, answer a) {
        // The listener is told under the lock: once `listen({})` has returned, nobody is told any more.
        const std::lock_guard lock(to.mutex_);
        to.answer_ = std::move(a);
        if (to.listener_) std::exchange(to.listener_, nullptr)();
    };
    try {
        std::thread([shared, name = std::move(name), answer_with] { answer_with(*shared, ask_system(name)); }).detach();
    } catch (const std::system_error&) {
        answer_with(*shared, {.error = EAI_AGAIN, .found = {}});
    }
    return shared;
}

std::optional<lookup::answer> lookup::take_answer() {
    const std::lock_guard lock(mutex_);
    return std::exchange(answer_, std::nullopt);
}

bool lookup::listen(std::function<void()> listener) {
    const std::lock_guard lock(mutex_);
    listener_ = std::move(listener);
    return !answer_;
}

addresses interleaved(const addresses& sorted) {
    addresses ours, others, result;
    for (const auto& a : sorted) (a.is_v6() == sorted.front().is_v6() ? ours : others).push_back(a);
    for (std::size_t i = 0; i < std::max(ours.size(), others.size()); ++i) {
        if (i < ours.size()) result.push_back(ours[i]);
        if (i < others.size()) result.push_back(others[i]);
    }
    return result;
}

}  // namespace mqtt_as::detail
