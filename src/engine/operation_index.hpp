// How an operation is found by its name and by its packet identifier: on hosts by tables, on boards by a look at each.
#pragma once

#include "src/engine/operation.hpp"
#include "src/engine/supervisor.hpp"

#include <algorithm>

namespace mqtt_as {

/// Packet identifiers of qos 2 are 1 to this, all others are larger (on boards until they wrap): so it is known which
/// ones a process that is gone may have left at the server (orphans.hpp). Its bits are ones.
inline constexpr std::uint8_t qos2_packet_id_max = profile::is_board ? 15 : 127;

/// For hosts. `all` is of no use to it.
class operation_tables {
public:
    operation_tables(pool& memory, const limits& l) : slots_(memory, l.operations_max), by_packet_id_(memory, 65'536) {}

    /// A free name for an operation to be made; false without memory.
    bool find_free_slot(const list_node&, std::uint32_t& slot) {
        if (first_free_ == UINT32_MAX && !add_slot()) return false;
        slot = first_free_;
        return true;
    }
    void name(operation& op) {
        entry& s = slots_[op.slot];
        first_free_ = s.next_free;
        s.op = &op;
    }
    void forget(operation& op) {
        slots_[op.slot] = {nullptr, first_free_};
        first_free_ = op.slot;
    }
    operation* by_slot(const list_node&, std::uint32_t slot) const {
        return slot < slot_count_ ? slots_[slot].op : nullptr;
    }

    operation* by_packet_id(const list_node&, std::uint16_t packet_id) const {
        if (by_packet_id_.capacity() == 0) return nullptr;
        operation* op = by_packet_id_[packet_id & (by_packet_id_.capacity() - 1)];
        return op != nullptr && op->packet_id == packet_id ? op : nullptr;
    }
    void begin_packet_ids(random_source& random) {
        const auto id = static_cast<std::uint16_t>(random.next());
        qos2_ids_.used = std::max<std::uint16_t>(id & qos2_packet_id_max, 1);
        other_ids_.used = std::max(id, other_ids_.first);
    }
    /// The next unused identifier of its kind; 0 when there is no memory or none is free.
    std::uint16_t bind(const list_node&, operation& op) {
        if (bound_ * 2 >= by_packet_id_.capacity() && !grow_packet_ids()) return 0;
        return bind(op, op.qos == 2 ? qos2_ids_ : other_ids_);
    }
    void unbind(operation& op) {
        if (op.packet_id == 0) return;
        by_packet_id_[op.packet_id & (by_packet_id_.capacity() - 1)] = nullptr;
        --bound_;
    }

private:
    struct entry {
        operation* op;
        std::uint32_t next_free;
    };
    /// Used in turn.
    struct id_ring {
        std::uint16_t first, last;
        std::uint16_t used;  // last
    };
    /// The table is indexed by the identifier's low bits. An identifier is taken only when its place is empty, so
    /// places never collide, not even when the table grows.
    std::uint16_t bind(operation& op, id_ring& ids) {
        const std::size_t mask = by_packet_id_.capacity() - 1;
        std::uint16_t id = ids.used;
        do {
            id = id == ids.last ? ids.first : static_cast<std::uint16_t>(id + 1);
            operation*& place = by_packet_id_[id & mask];
            if (place != nullptr) continue;
            place = &op;
            ++bound_;
            return ids.used = id;
        } while (id != ids.used);
        return 0;
    }
    bool add_slot();
    [[gnu::noinline]] bool grow_packet_ids();

    growing_array<entry> slots_;
    growing_array<operation*> by_packet_id_;
    std::uint32_t slot_count_ = 0;
    std::uint32_t first_free_ = UINT32_MAX;
    std::uint32_t bound_ = 0;
    id_ring qos2_ids_{1, qos2_packet_id_max, 1};
    id_ring other_ids_{qos2_packet_id_max + 1, 65'535, 65'535};
};

/// For boards, where all operations are in the list `all`.
class operation_search {
public:
    operation_search(pool&, const limits&) {}

    static bool find_free_slot(const list_node& all, std::uint32_t& slot) {
        slot = 0;
        while (by_slot(all, slot) != nullptr) ++slot;
        return true;
    }
    static void name(operation&) {}
    static void forget(operation&) {}
    static operation* by_slot(const list_node& all, std::uint32_t slot) {
        return first(all, [slot](const operation& op) { return op.slot == slot; });
    }
    static operation* by_packet_id(const list_node& all, std::uint16_t packet_id) {
        return first(all, [packet_id](const operation& op) { return op.packet_id == packet_id; });
    }
    static void begin_packet_ids(random_source&) {}
    /// For qos 2 the first one that is free; for others first that of its generation, so that they are used in turn. 0
    /// is that of `op` itself, which has none.
    static std::uint16_t bind(const list_node& all, const operation& op) {
        const bool is_qos2 = profile::qos_max == 2 && op.qos == 2;
        std::uint16_t id = is_qos2 ? 0 : static_cast<std::uint16_t>(op.generation + qos2_packet_id_max);
        do {
            ++id;
        } while (by_packet_id(all, id) != nullptr);
        return is_qos2 && id > qos2_packet_id_max ? 0 : id;
    }
    static void unbind(operation&) {}

private:
    template <class Fits>
    static operation* first(const list_node& all, Fits&& fits) {
        for (list_node* at = all.next; at != &all; at = at->next) {
            auto& op = static_cast<operation&>(*at);
            if (fits(op)) return &op;
        }
        return nullptr;
    }
};

using operation_index = std::conditional_t<profile::is_board, operation_search, operation_tables>;

}  // namespace mqtt_as
