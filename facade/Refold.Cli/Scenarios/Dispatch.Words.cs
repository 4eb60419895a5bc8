// The words of the dispatch scenario: its commands, event, refusal and state, and their JSON.
// Recorded by `refold record`; read by `refold state` and by scripts.
using System.Text.Json.Serialization;

namespace Refold.Cli.Scenarios;

/// <summary>A command of the scenario: one line of the log.</summary>
public abstract record DispatchCommand;

/// <summary>A line in the combined format.</summary>
/// <param name="Client">The client's address or name.</param>
/// <param name="Identity">The identity, mostly <c>-</c>.</param>
/// <param name="User">The authenticated user, mostly <c>-</c>.</param>
/// <param name="At">The line's own time. The step's time is the running maximum of these, since logs go back.</param>
/// <param name="Line">The request line, as logged.</param>
/// <param name="Status">The status, three digits.</param>
/// <param name="Size">The response's size in bytes; <c>-</c> is 0.</param>
/// <param name="Referrer">The referring page, as logged.</param>
/// <param name="Agent">The user agent, as logged.</param>
public sealed record Request(
    string Client,
    string Identity,
    string User,
    DateTimeOffset At,
    string Line,
    int Status,
    long Size,
    string Referrer,
    string Agent) : DispatchCommand;

/// <summary>A line that is not in the combined format. It is refused.</summary>
/// <param name="Line">The line as it came; bytes that are not UTF-8 stand as the Latin-1 characters of the whole line.</param>
public sealed record RawLine(string Line) : DispatchCommand;

/// <summary>A request was given to a backend.</summary>
/// <param name="Backend">The backend's index, from 0.</param>
/// <param name="Outstanding">How many requests it had outstanding before this one.</param>
/// <param name="At">The step's time.</param>
/// <param name="Until">When the backend will be done with it.</param>
public sealed record Dispatched(int Backend, int Outstanding, DateTimeOffset At, DateTimeOffset Until);

/// <summary>Why a command was refused.</summary>
public enum DispatchRefusal
{
    /// <summary>The line is not in the combined format.</summary>
    Malformed = 0,
}

/// <summary>What every backend is busy with.</summary>
/// <param name="Backends">For each backend, when its outstanding requests will be done, in the order in which they came.</param>
public sealed record DispatchState(IReadOnlyList<IReadOnlyList<DateTimeOffset>> Backends);

/// <summary>The JSON of the words, with camel-case members.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DispatchCommand))]
[JsonSerializable(typeof(Request))]
[JsonSerializable(typeof(RawLine))]
[JsonSerializable(typeof(Dispatched))]
[JsonSerializable(typeof(DispatchState))]
internal sealed partial class DispatchJson : JsonSerializerContext;
