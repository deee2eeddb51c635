"""What turns a message into decided events, exactly once: rules are run, states and events stored, events handed on."""
