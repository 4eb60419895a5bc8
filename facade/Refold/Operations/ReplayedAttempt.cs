// An attempt that is replayed: everything its function asks for is answered from the record, and compared with it.
// Made by OperationReplay.
using System.Collections.Concurrent;
using System.Globalization;
using Refold.Interop;

namespace Refold;

internal sealed class ReplayedAttempt(RecordedAttempt recorded, RecordedCommands commands, CancellationToken cancellationToken) : IAttempt
{
    private readonly ConcurrentDictionary<RecordedEffect, bool> asked = new(ReferenceEqualityComparer.Instance);
    private readonly ConcurrentQueue<Divergence> differences = new();

    public string Key => recorded.Begun.Said.Key ?? "";

    public RngState Seed => recorded.Begun.Said.Seed!;

    public CancellationToken Token => cancellationToken;

    /// <summary>Whether it asked for more than an attempt that was cut off, or cancelled, had got.</summary>
    public bool HasStopped { get; private set; }

    /// <summary>What it asked for otherwise than recorded, in any order.</summary>
    public IReadOnlyCollection<Divergence> Differences => differences;

    /// <summary>What is recorded and was not asked for, in position order.</summary>
    public IEnumerable<RecordedEffect> NotAsked => recorded.Effects.Where(effect => !asked.ContainsKey(effect));

    /// <summary>The attempt as people name it.</summary>
    public static string NameOf(RecordedAttempt attempt) => string.Create(
        CultureInfo.InvariantCulture,
        $"operation '{attempt.Begun.Said.Operation}', key '{attempt.Begun.Said.Key}', attempt {attempt.Number}");

    /// <summary>What an attempt asked for, as people name it.</summary>
    public static string NameOf(RecordedAttempt attempt, string what, EffectPlace place) => string.Create(
        CultureInfo.InvariantCulture,
        $"{NameOf(attempt)}{(place.Branch.Length == 0 ? "" : $", branch '{place.Branch}'")}, {what} {place.Ordinal}");

    public Task<CallAnswer> CallAsync(
        EffectPlace place,
        string name,
        Encoded request,
        Func<CancellationToken, Task<CallAnswer>> call,
        CancellationToken cancellationToken)
    {
        var what = NameOf(recorded, $"call '{name}'", place);
        var effect = Recorded(OperationEntry.Call, place, what);
        if (effect.Said.Name == name && effect.Said.Input == request)
            return Task.FromResult(new CallAnswer(effect.Said.Output, effect.Said.Failure));
        var made = effect.Said with { Name = name, Input = request };
        throw Differs(effect.Entry, made.Payload(), Core.DivergenceCause.UnrecordedInput, what);
    }

    public DateTimeOffset ReadClock(EffectPlace place) =>
        Recorded(OperationEntry.Clock, place, NameOf(recorded, "clock reading", place)).Said.Time!.Value;

    public Task DelayAsync(TimeSpan time, CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<ExecutionResult<TState, TEvent, TError>> ExecuteAsync<TState, TCommand, TEvent, TError>(
        EffectPlace place,
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        StreamId stream,
        TCommand command,
        CancellationToken cancellationToken)
    {
        var what = NameOf(recorded, $"command on '{stream}'", place);
        var effect = Recorded(OperationEntry.Executed, place, what);
        if (effect.Said.Failure is { } failure)
        {
            var again = effect.Said with { Stream = stream.Value };
            return effect.Said.Stream == stream.Value
                ? throw new CallFailedException("command on " + stream.Value, failure)
                : throw Differs(effect.Entry, again.Payload(), Core.DivergenceCause.UnrecordedInput, what);
        }

        if (await commands.FindAsync(effect, cancellationToken).ConfigureAwait(false) is not { } found)
        {
            var position = effect.Said.Earlier ?? effect.Entry.Position;
            throw Report(
                ReplayTranslation.DifferenceAt(effect.Entry, "", Core.DivergenceCause.Missing, "its command", "absent").As(
                    Core.DivergenceCause.Missing, what),
                string.Create(CultureInfo.InvariantCulture, $"{what}, at position {position},"));
        }

        var given = aggregate.Commands.Encode(command);
        if (RunTranslation.TryReadCommand(found) is not (var target, var encoded) || target != stream
            || !Repetition.IsSame(aggregate.Commands, encoded, given))
        {
            throw found.Type == given.Type
                ? Differs(found, ReplayTranslation.Envelope(stream, given), Core.DivergenceCause.Payload, what)
                : Report(
                    ReplayTranslation.DifferenceAt(found, "/type", Core.DivergenceCause.Type, found.Type, given.Type)
                        .As(Core.DivergenceCause.Type, what),
                    what);
        }

        return await commands.OutcomeAsync(aggregate, stream, found, effect.Said.Earlier is not null, cancellationToken)
            .ConfigureAwait(false);
    }

    private RecordedEffect Recorded(string type, EffectPlace place, string what)
    {
        var effects = recorded.Of(type, place.Branch);
        if (place.Ordinal <= effects.Count)
        {
            var effect = effects[(int)place.Ordinal - 1];
            asked[effect] = true;
            return effect;
        }

        if (IsCutOff)
        {
            HasStopped = true;
            throw Unrecorded(what);
        }

        var before = recorded.Effects.FindLast(effect => effect.Said.Branch == place.Branch)?.Entry ?? recorded.Begun.Entry;
        var difference = ReplayTranslation.DifferenceAt(before, "", Core.DivergenceCause.UnrecordedInput, "absent", what);
        throw Report(difference, what);
    }

    // A function that was cancelled may have been in the middle of something.
    private bool IsCutOff => recorded.End is null
        || recorded.End.Said.Failure?.Type is "System.OperationCanceledException" or "System.Threading.Tasks.TaskCanceledException";

    private Core.UnrecordedInputException Differs(JournalEntry entry, ReadOnlyMemory<byte> made, Core.DivergenceCause cause, string what)
    {
        var found = ReplayTranslation.DifferenceOf(entry, made)
            ?? ReplayTranslation.DifferenceAt(entry, "/data", cause, "what is recorded", "something else");
        return Report(found.As(cause, what), what);
    }

    // Unwinds the function; the report tells.
    private static Core.UnrecordedInputException Unrecorded(string what) =>
        new(what + " was not recorded so: the replay of the operation ends here, and its report tells what differs.");

    private Core.UnrecordedInputException Report(Divergence difference, string what)
    {
        differences.Enqueue(difference);
        return Unrecorded(what);
    }
}
