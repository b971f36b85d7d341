// The Ethernet controller of the MPS2: frames in and out, and whether there is a link.
#pragma once

struct netif;
struct pbuf;

namespace board {

/// lwIP's netif_init_fn.
signed char begin_ethernet(netif*);
/// Gives received frames to lwIP; true when there was one. Also tells lwIP of a link that came or went.
bool poll_ethernet(netif&);
/// From now on a received frame ends `sleep`.
void wake_by_ethernet();

}  // namespace board
