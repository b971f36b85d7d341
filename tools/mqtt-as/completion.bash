# Completion of `mqtt-as` in bash: subcommands, options and the files that some of them take. The options are read from
# --help, and so are always those of the program.
_mqtt_as() {
    local current=$2 previous=$3 program=$1
    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W "pub sub doctor range chaos --help --version" -- "$current")
        return
    fi
    case $previous in
        --cafile | --cert | --key | --unix | -f | --file | --html | --json) compopt -o default 2>/dev/null; return ;;
        --capath) compopt -o dirnames 2>/dev/null; return ;;
        --skip) mapfile -t COMPREPLY < <(compgen -W "link name tcp tls mqtt round-trip session wan" -- "$current"); return ;;
        -q | --qos) mapfile -t COMPREPLY < <(compgen -W "0 1 2" -- "$current"); return ;;
        -V | --protocol-version) mapfile -t COMPREPLY < <(compgen -W "311 5" -- "$current"); return ;;
        --tls-version) mapfile -t COMPREPLY < <(compgen -W "tlsv1.2 tlsv1.3" -- "$current"); return ;;
    esac
    local options
    options=$("$program" "${COMP_WORDS[1]}" --help 2>/dev/null | sed -nE 's/^  (-[^ ]+).*/\1/p' | tr ',' '\n')
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
}
complete -F _mqtt_as mqtt-as
