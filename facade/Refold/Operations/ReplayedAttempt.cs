// An attempt that is replayed: everything its function asks for is answered from the record, and compared with it.
// Made by OperationReplay.
using System.Collections.Concurrent;
using System.Globalization;
using Refold.Interop;

namespace Refold;

internal sealed class ReplayedAttempt(RecordedAttempt recorded, RecordedCommands commands, CancellationToken cancellationToken) : IAttempt
{
    private readonly Lock gate = new();
    private readonly HashSet<RecordedEffect> asked = new(ReferenceEqualityComparer.Instance);
    private readonly ConcurrentQueue<Divergence> differences = new();
    private readonly ConcurrentQueue<Divergence> wrongMarks = new();
    private readonly TaskCompletionSource allAsked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Exception? fault;

    public string Key => recorded.Begun.Said.Key ?? "";

    public RngState Seed => recorded.Begun.Said.Seed!;

    public HiddenValues Hidden { get; } = new();

    public CancellationToken Token => cancellationToken;

    /// <summary>Whether it asked for more than an attempt that was cut off, or cancelled, had got.</summary>
    public bool HasStopped { get; private set; }

    /// <summary>Whether it was answered something in which values were replaced, so that it may come to something else.</summary>
    public bool HasMetRedacted { get; private set; }

    /// <summary>Done when everything that is recorded was asked for.</summary>
    public Task AllAsked => recorded.Effects.Count == 0 ? Task.CompletedTask : allAsked.Task;

    /// <summary>What it asked for otherwise than recorded, in any order.</summary>
    public IReadOnlyCollection<Divergence> Differences => differences;

    /// <summary>Marks of redaction that are not as their codecs make them, in any order: no redaction accounts for those.</summary>
    public IReadOnlyCollection<Divergence> WrongMarks => wrongMarks;

    /// <summary>What is recorded and was not asked for, in position order.</summary>
    public IReadOnlyList<RecordedEffect> NotAsked
    {
        get
        {
            lock (gate) return [.. recorded.Effects.Where(effect => !asked.Contains(effect))];
        }
    }

    /// <summary>Why the record could not be read, whatever the function made of it; null where it could.</summary>
    public Exception? Fault => fault;

    /// <summary>Where the outcome of a command was asked for, and the stream whose beginning was deleted; null for none.</summary>
    public (long Position, StreamId Stream)? Dropped { get; private set; }

    /// <summary>The attempt as people name it.</summary>
    public static string NameOf(RecordedAttempt attempt) => string.Create(
        CultureInfo.InvariantCulture,
        $"operation '{attempt.Begun.Said.Operation}', key '{attempt.Begun.Said.Key}', attempt {attempt.Number}");

    /// <summary>What an attempt asked for, as people name it.</summary>
    public static string NameOf(RecordedAttempt attempt, string what, EffectPlace place) => string.Create(
        CultureInfo.InvariantCulture,
        $"{NameOf(attempt)}{(place.Branch.Length == 0 ? "" : $", branch '{place.Branch}'")}, {what} {place.Ordinal}");

    /// <summary>A recorded effect, as people name it.</summary>
    public static string NameOf(RecordedAttempt attempt, RecordedEffect effect) => NameOf(
        attempt,
        effect.Said.Type switch
        {
            OperationEntry.Call => $"call '{effect.Said.Name}'",
            OperationEntry.Clock => "clock reading",
            _ => $"command on '{effect.Said.Stream}'",
        },
        new EffectPlace(effect.Said.Branch, effect.Said.Ordinal));

    public Task<CallAnswer> CallAsync(
        EffectPlace place,
        string name,
        CallRequest request,
        Func<CancellationToken, Task<CallAnswer>> call,
        CancellationToken cancellationToken)
    {
        var what = NameOf(recorded, $"call '{name}'", place);
        var effect = Recorded(OperationEntry.Call, place, what);
        var isAsked = effect.Said.Name == name && effect.Said.Input is not null;
        if (isAsked && request.MarkOfRequest(effect.Said.Input!) == RedactionMark.Wrong)
            throw ReportWrongMark(effect.Entry, "input", effect.Said.Input!, what);
        if (isAsked && request.IsSame(effect.Said.Input!))
        {
            var mark = effect.Said.Output is { } output ? request.MarkOfAnswer(output) : RedactionMark.Absent;
            if (mark == RedactionMark.Wrong) throw ReportWrongMark(effect.Entry, "output", effect.Said.Output!, what);
            HasMetRedacted |= mark == RedactionMark.Right;
            return Task.FromResult(new CallAnswer(effect.Said.Output, effect.Said.Failure));
        }

        var made = effect.Said with { Name = name, Input = request.Encoded };
        var bodies = effect.Said.Input is { } input && request.BodyOf is { } bodyOf ? (bodyOf(input), bodyOf(request.Encoded)) : default;
        throw Differs(effect.Entry, made.Payload(), Core.DivergenceCause.UnrecordedInput, what, bodies);
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
            var again = effect.Said with { Stream = stream.Value, Input = LiveAttempt.TryEncode(aggregate.Commands, command) };
            var isSame = effect.Said.Stream == stream.Value
                && (effect.Said.Input == again.Input
                    || (effect.Said.Input is { } old && again.Input is { } now && Repetition.IsSame(aggregate.Commands, old, now)));
            throw isSame
                ? failure.ToException("command on " + stream.Value)
                : Differs(effect.Entry, again.Payload(), Core.DivergenceCause.UnrecordedInput, what);
        }

        if (await ReadAsync(effect, what, () => commands.FindAsync(effect, cancellationToken)).ConfigureAwait(false) is not { } found)
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

        return await ReadAsync(effect, what, () => commands.OutcomeAsync(
            aggregate, stream, found, effect.Said.Earlier is not null, cancellationToken)).ConfigureAwait(false);
    }

    // What cannot be read is not what the function differs in; an entry that says nothing readable is a difference by itself.
    private async ValueTask<T> ReadAsync<T>(RecordedEffect effect, string what, Func<ValueTask<T>> read)
    {
        try
        {
            return await read().ConfigureAwait(false);
        }
        catch (EntriesDroppedException dropped)
        {
            Dropped ??= (effect.Entry.Position, dropped.Stream);
            throw Unrecorded(what);
        }
        catch (Exception exception) when (exception is StateUnreadableException or CodecException)
        {
            throw Report(
                ReplayTranslation.DifferenceAt(effect.Entry, "", Core.DivergenceCause.Undecodable, "what came of it", exception.Message)
                    .As(Core.DivergenceCause.Undecodable, what),
                what);
        }
        catch (Exception exception)
        {
            fault ??= exception;
            throw;
        }
    }

    // A branch asks for one thing after the other, so what it asks for is the next that is recorded of it.
    private RecordedEffect Recorded(string type, EffectPlace place, string what)
    {
        RecordedEffect? next;
        lock (gate)
        {
            next = recorded.Effects.Find(effect => effect.Said.Branch == place.Branch && !asked.Contains(effect));
            if (next is not null && next.Said.Type == type && next.Said.Ordinal == place.Ordinal)
            {
                asked.Add(next);
                if (asked.Count == recorded.Effects.Count) allAsked.TrySetResult();
                return next;
            }
        }

        if (next is null && IsCutOff)
        {
            HasStopped = true;
            throw Unrecorded(what);
        }

        if (next is not null)
        {
            // It comes later, so what is here was left out; or it does not come at all.
            var isLeftOut = recorded.Of(type, place.Branch).Any(effect => effect.Said.Ordinal == place.Ordinal);
            var cause = isLeftOut ? Core.DivergenceCause.Missing : Core.DivergenceCause.UnrecordedInput;
            var actual = isLeftOut ? "no longer asked for here, but " + what : what;
            throw Report(ReplayTranslation.DifferenceAt(next.Entry, "", cause, NameOf(recorded, next), actual), what);
        }

        var before = recorded.Effects.FindLast(effect => effect.Said.Branch == place.Branch)?.Entry ?? recorded.Begun.Entry;
        throw Report(ReplayTranslation.DifferenceAt(before, "", Core.DivergenceCause.UnrecordedInput, "absent", what), what);
    }

    // A function that was cancelled may have been in the middle of something.
    private bool IsCutOff => recorded.End is null || recorded.IsCancelled;

    private Core.UnrecordedInputException Differs(
        JournalEntry entry,
        ReadOnlyMemory<byte> made,
        Core.DivergenceCause cause,
        string what,
        (byte[]? Recorded, byte[]? Made) bodies = default)
    {
        var found = ReplayTranslation.DifferenceOf(entry, made)
            ?? ReplayTranslation.DifferenceAt(entry, "/data", cause, "what is recorded", "something else");
        // A body stands there in base64.
        if (bodies is ({ } recorded, { } now) && found.Path.EndsWith("/Body", StringComparison.Ordinal))
            found = found.Within(entry, recorded, now);
        return Report(found.As(cause, what), what);
    }

    // Unwinds the function; the report tells.
    private static Core.UnrecordedInputException Unrecorded(string what) =>
        new(what + " was not recorded so: the replay of the operation ends here, and its report tells what differs.");

    private Core.UnrecordedInputException ReportWrongMark(JournalEntry entry, string member, Encoded recorded, string what)
    {
        wrongMarks.Enqueue(RecordedForm.WrongMark(entry, member, recorded).As(Core.DivergenceCause.CodecNotFaithful, what));
        return Unrecorded(what);
    }

    private Core.UnrecordedInputException Report(Divergence difference, string what)
    {
        differences.Enqueue(difference);
        return Unrecorded(what);
    }
}
