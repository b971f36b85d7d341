// getaddrinfo on two threads.
#include "tools/mqtt-as/doctor/lookup.hpp"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <mutex>
#include <netdb.h>
#include <system_error>
#include <thread>
#include <utility>

namespace mqtt_as::cli::doctor {

struct lookup::question {
    std::mutex mutex;
    std::optional<answer> answered;

    std::optional<answer> look() {
        const std::lock_guard lock(mutex);
        return answered;
    }
};

namespace {

answer ask_system(const std::string& name, int family) {
    const auto begin = clock::now();
    addrinfo hints{};
    hints.ai_family = family;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    answer result;
    result.error = ::getaddrinfo(name.c_str(), nullptr, &hints, &list);
    result.took = since(begin);
    if (result.error != 0) return result;
    for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
        boost::asio::ip::tcp::endpoint endpoint;
        endpoint.resize(each->ai_addrlen);
        std::copy_n(reinterpret_cast<const std::byte*>(each->ai_addr), each->ai_addrlen,
                    reinterpret_cast<std::byte*>(endpoint.data()));
        result.found.push_back(endpoint.address());
    }
    ::freeaddrinfo(list);
    return result;
}

}  // namespace

lookup::lookup(const std::string& name) : v4_(ask(name, AF_INET)), v6_(ask(name, AF_INET6)) {}

std::shared_ptr<lookup::question> lookup::ask(const std::string& name, int family) {
    auto asked = std::make_shared<question>();
    const auto answer_with = [asked](answer a) {
        const std::lock_guard lock(asked->mutex);
        asked->answered = std::move(a);
    };
    try {
        std::thread([name, family, answer_with] { answer_with(ask_system(name, family)); }).detach();
    } catch (const std::system_error&) {
        answer_with({.error = EAI_AGAIN});
    }
    return asked;
}

task<bool> lookup::finish(clock::time_point deadline) const {
    co_return co_await until(deadline, [this] { return v4() && v6(); });
}

std::optional<answer> lookup::v4() const { return v4_->look(); }
std::optional<answer> lookup::v6() const { return v6_->look(); }

addresses lookup::all() const {
    addresses result;
    for (const auto& answered : {v6(), v4()}) {
        if (answered) result.insert(result.end(), answered->found.begin(), answered->found.end());
    }
    return result;
}

}  // namespace mqtt_as::cli::doctor
