// What a soak plays with: a broker and ten publishers and a subscriber as processes, on the two ends of a cable.
//
//     broker's side               clients' side
//     cable-b  10.9.1.2  =======  cable-c  10.9.1.1
#pragma once

#include "tests/soak/account.hpp"
#include "tests/soak/flatness.hpp"
#include "tests/support/broker_process.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/net_namespace.hpp"
#include "tests/support/temp_folder.hpp"

#include <csignal>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace mqtt_as::soak {

moment now();

class stage {
public:
    static constexpr std::size_t publishers = 10;

    /// The subscriber has subscribed, and the broker has saved that. `bad` is how clients misbehave, or "none".
    explicit stage(std::string bad);

    // The cable.
    void drop(unsigned percent) const;  // of the packets in each direction; 0 heals
    void set_link(bool up) const;

    // A client: publishers are numbered from 0, the subscriber is the last.
    static constexpr std::size_t subscriber = publishers;
    void kill(std::size_t number);  // SIGKILL; it begins a new life at once
    void ask_to_end(std::size_t number) { clients_[number].process->signal(SIGTERM); }
    /// Those that have ended when they were asked begin a new life.
    void revive();
    /// The status of one that was asked to end; -1 when it does not end.
    int wait_for_end(std::size_t number);

    /// Once a second: memory and file descriptors of every client.
    void sample();
    const flatness& resources(std::size_t number) const { return clients_[number].resources; }
    static std::string name(std::size_t number);

    /// Enters into the account what is new in the journals of all publishers, or of the subscriber.
    void collect_publishers(account&);
    void collect_subscriber(account& book) { collect(clients_[subscriber], book); }

    test::broker_process& broker() { return *broker_; }

private:
    struct client {
        std::size_t number = 0;
        int life = 0;
        moment born{};
        std::unique_ptr<test::child_process> process{};
        flatness resources{};
        std::streamoff read = 0;  // of its journal
    };
    void begin_life(client&);
    void collect(client&, account&) const;
    std::filesystem::path journal(const client&) const;
    std::filesystem::path output(const client&) const;
    void make_cable() const;

    std::string bad_;
    test::temp_folder folder_;
    test::net_namespace client_side_;  // made first: this process stays in the other one
    test::net_namespace broker_side_;
    std::unique_ptr<test::broker_process> broker_;
    std::vector<client> clients_{publishers + 1};
};

}  // namespace mqtt_as::soak
