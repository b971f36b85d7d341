// The inbox: messages given out, acknowledgements due.
#include "src/engine/inbox.hpp"

#include <utility>

namespace mqtt_as {

std::size_t hashed_identifiers::place_of(std::uint16_t id) const {
    std::size_t place = id & mask();
    while (places_[place] != 0 && places_[place] != id) place = (place + 1) & mask();
    return place;
}

bool hashed_identifiers::insert(std::uint16_t id) {
    if (size_ >= max_) return false;
    if (const std::size_t old = places_.capacity(); (size_ + 1) * 2 > old) {
        hashed_identifiers larger(pool_, max_);
        if (!larger.places_.reserve(old + 1)) return false;
        larger.clear();
        for (std::size_t i = 0; i < old; ++i) {
            if (places_[i] != 0) larger.places_[larger.place_of(places_[i])] = places_[i];
        }
        places_.swap(larger.places_);
    }
    std::uint16_t& place = places_[place_of(id)];
    size_ += place == 0;
    place = id;
    return true;
}

bool hashed_identifiers::erase(std::uint16_t id) {
    if (!contains(id)) return false;
    std::size_t hole = place_of(id);
    places_[hole] = 0;
    --size_;
    // Whatever follows without a gap may have been pushed here by what is gone.
    for (std::size_t i = (hole + 1) & mask(); places_[i] != 0; i = (i + 1) & mask()) {
        const std::uint16_t moved = std::exchange(places_[i], std::uint16_t{0});
        places_[place_of(moved)] = moved;
    }
    return true;
}

void hashed_identifiers::clear() {
    for (std::size_t i = 0; i < places_.capacity(); ++i) places_[i] = 0;
    size_ = 0;
}

inbox::arrival inbox::on_qos2_publish(std::uint16_t packet_id, acknowledge_id& id) {
    if (received_.contains(packet_id)) {
        // Still in the application's hands: PUBREC goes out when it is acknowledged there.
        for (std::uint32_t i = 0; i < given_out_.size(); ++i) {
            if (given_out_[i].qos == 2 && given_out_[i].packet_id == packet_id) {
                given_out_[i].owed = true;
                return arrival::repeated;
            }
        }
        // The application is done with it. PUBREC waits for those of what it still holds [MQTT-4.6.0-3]. (On boards it
        // holds nothing.)
        const bool is_kept = profile::is_board || given_out_.empty()
                                 ? push_due({packet_id, wire::packet_type::pubrec, reason_code::success})
                                 : given_out_.push({packet_id, 2, true, true});
        return is_kept ? arrival::repeated : arrival::out_of_memory;
    }
    if (!received_.insert(packet_id)) return arrival::out_of_memory;
    const arrival result = give_out(packet_id, 2, id);
    if (result != arrival::fresh) received_.erase(packet_id);
    return result;
}

bool inbox::on_pubrel(std::uint16_t packet_id) {
    const auto reason = received_.contains(packet_id) ? reason_code::success : reason_code::packet_identifier_not_found;
    if (!push_due({packet_id, wire::packet_type::pubcomp, reason})) return false;
    received_.erase(packet_id);
    return true;
}

bool inbox::settle(acknowledge_id id) {
    const auto place = static_cast<profile::size_type>((id - first_id_) & ~named);
    if ((id & named) == 0 || place >= given_out_.size()) return false;
    const bool was_full = full();
    given_out_[place].acknowledged = true;
    settle();
    return was_full && !full();
}

void inbox::forget(acknowledge_id id) {
    const auto place = static_cast<profile::size_type>((id - first_id_) & ~named);
    if ((id & named) == 0 || place >= given_out_.size() || given_out_[place].acknowledged) return;
    entry& e = given_out_[place];
    if (e.owed && e.qos == 1) quota_.on_acknowledged();
    if (e.qos == 2) received_.erase(e.packet_id);
    e.owed = false;
    settle(id);
}

void inbox::settle() {
    while (!given_out_.empty() && given_out_.front().acknowledged) {
        const entry& e = given_out_.front();
        if (e.owed) {
            const auto type = e.qos == 1 ? wire::packet_type::puback : wire::packet_type::pubrec;
            if (!due_.push({e.packet_id, type, reason_code::success})) return;  // goes on when one has been sent
            if (e.qos == 1) quota_.on_acknowledged();
        }
        given_out_.pop();
        ++first_id_;
    }
}

void inbox::on_connection_lost() {
    due_.clear();
    for (std::uint32_t i = 0; i < given_out_.size(); ++i) given_out_[i].owed = false;
    quota_.on_connection(received_.size());
    settle();
}

}  // namespace mqtt_as
