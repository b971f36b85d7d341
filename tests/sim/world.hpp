// The simulated world: one engine, its front and application, a network, a broker, and virtual time.
#pragma once

#include "mqtt_as/engine.hpp"
#include "tests/sim/application.hpp"
#include "tests/sim/broker.hpp"
#include "tests/sim/faults.hpp"
#include "tests/sim/front.hpp"
#include "tests/sim/judge.hpp"
#include "tests/sim/network.hpp"
#include "tests/sim/oracle.hpp"
#include "tests/sim/random.hpp"
#include "tests/sim/schedule.hpp"

#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>

namespace mqtt_as::sim {

/// Counts what the engine takes and gives back, and notices a block given back with another size.
class counting_memory final : public memory_source {
public:
    void* allocate(std::size_t size) noexcept override {
        void* block = std::malloc(size);
        in_use_ += size;
        ++blocks_;
        ++allocations_;
        return block;
    }
    void deallocate(void* block, std::size_t size) noexcept override {
        std::free(block);
        in_use_ -= size;
        --blocks_;
    }
    std::size_t in_use() const { return in_use_; }
    std::size_t blocks() const { return blocks_; }
    std::uint64_t allocations() const { return allocations_; }

private:
    std::size_t in_use_ = 0;
    std::size_t blocks_ = 0;
    std::uint64_t allocations_ = 0;
};

/// Set before the first world: the engine that is linked is one for boards, and gets limits that such a one can have.
inline bool engine_is_for_boards = false;

struct world_options {
    std::uint64_t seed = 1;
    protocol_version version = protocol_version::v3_1_1;
    std::string client_id = "simulated";
    engine_config config{};  // protocol and client_id are filled in
    limits limit{};
    network_options net{};
    broker_options server{};  // client_id and keep_alive are filled in
    front_options pump{};
    std::uint32_t clock_start = 0;  // what the engine's clock shows at first
    bool is_verbose = false;
};

class world {
public:
    explicit world(const world_options&);

    /// Lets virtual time pass; stops at an objection.
    void run_for(std::uint64_t ms);
    /// Until `holds()`, looked at after each event; false when `ms` passed first.
    template <class Predicate>
    bool run_until(Predicate holds, std::uint64_t ms) {
        const moment limit = time.now() + ms;
        while (!holds()) {
            if (court.has_objected()) return false;
            if (!time.step(limit)) return holds();
        }
        return true;
    }

    /// Closes the engine's books: everything it took must be given back.
    void destroy_engine();

    /// The process ends where it stands, and another one takes its place under the same client identifier. With `cut`
    /// what it had written and the network had not carried yet is lost, too.
    void restart(const world_options&, bool cut);
    const world_options& options() const { return options_; }

    random_source random;
    schedule time;
    tally counts;
    judge court;
    trace story;
    oracle truth;
    broker server;
    network net;
    counting_memory memory;

private:
    world_options options_;  // the engine borrows what it is told there

public:
    std::optional<engine> client;
    front pump;
    application app;
};

}  // namespace mqtt_as::sim
