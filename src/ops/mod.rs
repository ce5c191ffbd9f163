//! What the verbs do: typed in, typed out, never printing.
