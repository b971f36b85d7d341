// One symbol as large as the engine's private state, for nm to measure.
#include "src/engine/state.hpp"

template <std::size_t size>
struct measured {
    static char engine_state[size];
};

template <std::size_t size>
char measured<size>::engine_state[size];

// The arguments of an explicit instantiation may name what is private.
template struct measured<sizeof(mqtt_as::engine::state)>;
