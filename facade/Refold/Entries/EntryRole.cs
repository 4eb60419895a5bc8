// What an entry is for. The core's Role, mirrored.
// Set by whoever appends; read by whoever folds or looks.
namespace Refold;

/// <summary>What an entry is for; one byte in every byte form.</summary>
public enum EntryRole
{
    /// <summary>Came without provenance: handled as an event.</summary>
    Unmarked = 0,

    /// <summary>An input of <c>decide</c>. External.</summary>
    Command = 1,

    /// <summary>An event from outside. External.</summary>
    Fact = 2,

    /// <summary>The recorded reply of a clock or a call. External.</summary>
    Effect = 3,

    /// <summary>Run started, run ended. External.</summary>
    Control = 4,

    /// <summary>What <c>decide</c> answered. Derived.</summary>
    Event = 5,

    /// <summary>What <c>decide</c> answered instead of events. Derived.</summary>
    Refusal = 6,
}
