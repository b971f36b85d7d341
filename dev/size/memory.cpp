// Symbols as large as what lies in memory, for nm to measure: the engine's state, and all of a board's engine.
#include "mqtt_as/board_memory.hpp"
#include "src/engine/state.hpp"

template <std::size_t size>
struct measured {
    static char engine_state[size];
};

template <std::size_t size>
char measured<size>::engine_state[size];

// The arguments of an explicit instantiation may name what is private.
template struct measured<sizeof(mqtt_as::engine::state)>;

char engine_memory[memory_required(mqtt_as::small_board_limits)];
