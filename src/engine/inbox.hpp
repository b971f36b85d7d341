// The inbox: messages given out and not yet acknowledged, acknowledgements that wait to be sent, and the packet that is
// still arriving.
#pragma once

#include "src/engine/memory.hpp"
#include "src/wire/packets.hpp"

namespace mqtt_as {

/// The qos 2 identifiers between PUBLISH and PUBREL, for hosts: open addressing, at most half full.
class hashed_identifiers {
public:
    hashed_identifiers(pool& memory, std::size_t max) : pool_(memory), places_(memory, max), max_(max) {}
    bool contains(std::uint16_t id) const { return size_ != 0 && places_[place_of(id)] == id; }
    /// False without memory, or when there are too many.
    bool insert(std::uint16_t id);
    bool erase(std::uint16_t id);
    void clear();
    std::uint32_t size() const { return size_; }

private:
    std::size_t mask() const { return places_.capacity() - 1; }
    /// Where `id` is, or the empty place where it would go. Identifiers are never 0: 0 is an empty place.
    std::size_t place_of(std::uint16_t id) const;

    pool& pool_;
    growing_array<std::uint16_t> places_;
    std::size_t max_;
    std::uint32_t size_ = 0;
};

/// For boards: in no order.
class listed_identifiers {
public:
    listed_identifiers(pool& memory, std::size_t max) : ids_(memory, max) {}
    bool contains(std::uint16_t id) const { return place_of(id) != size_; }
    bool insert(std::uint16_t id) {
        if (!ids_.reserve(size_ + 1u)) return false;
        ids_[size_++] = id;
        return true;
    }
    bool erase(std::uint16_t id) {
        const std::size_t place = place_of(id);
        if (place == size_) return false;
        ids_[place] = ids_[--size_];
        return true;
    }
    void clear() { size_ = 0; }
    std::uint32_t size() const { return size_; }

private:
    std::size_t place_of(std::uint16_t id) const {
        std::size_t place = 0;
        while (place != size_ && ids_[place] != id) ++place;
        return place;
    }

    [[no_unique_address]] array_of<std::uint16_t> ids_;
    profile::size_type size_ = 0;
};

using identifier_set = std::conditional_t<profile::is_board, listed_identifiers, hashed_identifiers>;

/// What the server counts against our receive maximum: qos 1 and 2 messages of this connection. What an earlier one
/// left is none of them; when some of that is released meanwhile the number is too low, never too high.
class counted_quota {
public:
    std::uint32_t used(std::uint32_t received) const {
        return qos1_open_ + (received > received_before_ ? received - received_before_ : 0);
    }
    void on_given_out() { ++qos1_open_; }
    void on_acknowledged() { --qos1_open_; }
    /// `received`: of qos 2, what it begins with.
    void on_connection(std::uint32_t received) {
        qos1_open_ = 0;
        on_session(received);
    }
    void on_session(std::uint32_t received) { received_before_ = static_cast<profile::size_type>(received); }

private:
    profile::size_type qos1_open_ = 0;
    profile::size_type received_before_ = 0;
};
/// 3.1.1 has no receive maximum.
struct no_quota {
    static std::uint32_t used(std::uint32_t) { return 0; }
    static void on_given_out() {}
    static void on_acknowledged() {}
    static void on_connection(std::uint32_t) {}
    static void on_session(std::uint32_t) {}
};
using kept_quota = std::conditional_t<profile::only_v3_1_1, no_quota, counted_quota>;

class inbox {
public:
    inbox(pool& memory, const limits& limits)
        : given_out_(memory, limits.inbound_max), due_(memory, limits.inbound_max + due_spare),
          received_(memory, profile::qos_max < 2 ? 0 : limits.inbound_qos2_max) {}

    /// Acknowledgements that are due although no message waits for them: PUBCOMP, PUBREL of what nobody knows.
    static constexpr std::uint32_t due_spare = profile::is_board ? 4 : 16;

    struct acknowledgement {
        std::uint16_t packet_id;
        wire::packet_type type;
        reason_code reason;
    };

    /// A message that was given out, of qos 1 or 2.
    struct entry {
        std::uint16_t packet_id;
        std::uint8_t qos;
        bool acknowledged : profile::flag_bits;
        bool owed : profile::flag_bits;  // an acknowledgement goes out on this connection
    };

    bool full() const { return size() >= given_out_.max(); }
    std::uint32_t size() const { return given_out_.size() + qos0_given_out_; }

    /// Whether this PUBLISH is one too many. A qos 2 message that came before counts already.
    bool exceeds(std::uint16_t receive_maximum, std::uint16_t packet_id, std::uint8_t qos) const {
        return qos != 0 && quota_.used(received_.size()) >= receive_maximum &&
               !(qos == 2 && received_.contains(packet_id));
    }

    enum class arrival : std::uint8_t { fresh, repeated, out_of_memory };
    /// Takes a place for a message. `repeated`: this qos 2 message was given out before; its PUBREC is seen to.
    arrival on_publish(std::uint16_t packet_id, std::uint8_t qos, acknowledge_id& id) {
        if (qos == 0) {
            id = qos0_id;
            ++qos0_given_out_;
            return arrival::fresh;
        }
        if (profile::qos_max < 2 || qos == 1) return give_out(packet_id, 1, id);
        return on_qos2_publish(packet_id, id);
    }
    /// The sender released a qos 2 identifier: its PUBCOMP is seen to. False, and nothing has changed, when there is no
    /// memory for it.
    [[nodiscard]] bool on_pubrel(std::uint16_t packet_id);
    /// Ignores an identifier that is not given out.
    /// True when it was full and is not any more.
    bool acknowledge(acknowledge_id id) {
        if (id != qos0_id) return settle(id);
        if (qos0_given_out_ == 0) return false;
        --qos0_given_out_;
        return size() + 1 == given_out_.max();
    }

    /// Nobody will acknowledge it: what the server repeats of it is new. Ignores what is not given out.
    void forget(acknowledge_id id);

    /// PUBACK, PUBREC and PUBCOMP in the order in which they must go out; also PUBREL for an unknown PUBREC.
    /// What found no memory when it became due is tried again. On boards there is room for all.
    bool has_due() {
        if constexpr (!profile::is_board) {
            if (due_.empty() && !given_out_.empty()) settle();
        }
        return !due_.empty();
    }
    bool due_full() const { return due_.full(); }
    acknowledgement& next_due() { return due_.front(); }
    void pop_due() {
        due_.pop();
        if (!given_out_.empty()) settle();
    }
    /// False when there is no memory. On boards there is room for all.
    [[nodiscard]] bool push_due(const acknowledgement& ack) { return due_.push(ack) || profile::is_board; }

    /// The connection is over: nothing is owed to it. With the session the memory of qos 2 identifiers stays.
    void on_connection_lost();
    void on_session_lost() {
        // What the application still holds has lost its identifier to the next message that comes under it. (On boards
        // it holds nothing.)
        if constexpr (!profile::is_board)
            for (std::uint32_t i = 0; i < given_out_.size(); ++i) given_out_[i].qos = 1;
        received_.clear();
        quota_.on_session(0);
    }

private:
    arrival on_qos2_publish(std::uint16_t packet_id, acknowledge_id& id);
    arrival give_out(std::uint16_t packet_id, std::uint8_t qos, acknowledge_id& id) {
        id = (first_id_ + given_out_.size()) | named;
        if (!given_out_.push({packet_id, qos, false, true})) return arrival::out_of_memory;
        if (qos == 1) quota_.on_given_out();
        return arrival::fresh;
    }
    bool settle(acknowledge_id id);
    /// Acknowledgements go out in the order of the PUBLISHes [MQTT-4.6.0-2]: a later one waits for the earlier.
    void settle();

    // Messages of qos 0 have no order to keep and no acknowledgement: they are only counted, all under one name.
    static constexpr acknowledge_id qos0_id = 0;
    static constexpr acknowledge_id named = 0x8000'0000;  // set in the names of all others

    queue_of<entry> given_out_;
    queue_of<acknowledgement> due_;
    identifier_set received_;
    profile::size_type first_id_ = 0;  // of the oldest entry, without `named`; wraps
    profile::size_type qos0_given_out_ = 0;
    [[no_unique_address]] kept_quota quota_;
};

}  // namespace mqtt_as
