// A transport below which a Wi-Fi network is joined first.
#pragma once

#include "src/asio/transport/transport.hpp"
#include "src/link/wifi_station.hpp"

#include <memory>
#include <utility>

namespace mqtt_as::detail {

class joining_transport final : public transport, public std::enable_shared_from_this<joining_transport> {
public:
    /// `inner` is opened when the network is joined, and tells `owner` itself from then on.
    joining_transport(std::shared_ptr<wifi_station> station, bool checks_stability, std::shared_ptr<transport> inner,
                      epoch e, std::shared_ptr<transport_events> owner)
        : station_(std::move(station)), checks_stability_(checks_stability), inner_(std::move(inner)), epoch_(e),
          owner_(std::move(owner)) {}

    void open() override {
        owner_->on_stage(epoch_, stage::link);
        if (!owner_) return;
        is_joining_ = true;
        station_->join({.checks_stability = checks_stability_,
                        .still_joining =
                            [weak = weak_from_this()] {
                                const auto self = weak.lock();
                                if (self && self->owner_)
                                    std::shared_ptr(self->owner_)->on_stage(self->epoch_, stage::link);
                            },
                        .done =
                            [weak = weak_from_this()](errc error) {
                                if (const auto self = weak.lock()) self->on_joined(error);
                            }});
    }
    void close() noexcept override {
        if (std::exchange(is_joining_, false)) station_->cancel();
        owner_.reset();
        inner_->close();
    }
    io_result read(std::span<std::uint8_t> into) noexcept override { return inner_->read(into); }
    io_result write(std::span<const bytes> from) noexcept override { return inner_->write(from); }
    void wait_readable() override { inner_->wait_readable(); }
    void wait_writable() override { inner_->wait_writable(); }
    std::size_t unacknowledged() noexcept override { return inner_->unacknowledged(); }
    std::string address() const override { return inner_->address(); }
    failure why() const override { return inner_->why(); }
    std::string security() const override { return inner_->security(); }
    std::optional<connection_ends> ends() const override { return inner_->ends(); }

private:
    void on_joined(errc error) {
        is_joining_ = false;
        if (!owner_) return;
        if (error == errc::ok) return inner_->open();
        const auto owner = owner_;
        close();
        owner->on_failed(epoch_, error, 0);
    }

    std::shared_ptr<wifi_station> station_;
    const bool checks_stability_;
    std::shared_ptr<transport> inner_;
    const epoch epoch_;
    std::shared_ptr<transport_events> owner_;  // empty once closed
    bool is_joining_ = false;
};

}  // namespace mqtt_as::detail
