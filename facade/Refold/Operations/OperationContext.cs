// The context of an operation's function: the clock, identifiers, random numbers, calls, commands. Everything outside goes through it.
// Made by Operation for each attempt; over a journal, over a record, or over nothing.
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;

namespace Refold;

/// <summary>The outside world of an operation: recorded live, answered from the record in replay. A context belongs to one attempt, and
/// throws once the function has ended.</summary>
/// <threadsafety>One call at a time. Parallel work takes one <see cref="Branch"/> each; a branch that is used twice at once throws. Calls
/// that are awaited one after the other may run on any thread.</threadsafety>
public sealed partial class OperationContext
{
    private static readonly ConditionalWeakTable<JsonTypeInfo, object> Codecs = [];

    // The operation whose call is made here, whatever thread it went to.
    private static readonly AsyncLocal<OperationActivity?> Calling = new();
    private readonly IAttempt attempt;
    private readonly string branch;
    private readonly Dictionary<string, OperationContext> branches = new(StringComparer.Ordinal);
    private readonly RecordedClock clock;
    private SeededRng? random;
    private long calls;
    private long readings;
    private long commands;
    private long guids;
    private readonly OperationActivity activity;
    private int inUse;

    internal OperationContext(IAttempt attempt)
        : this(attempt, "", new OperationActivity())
    {
    }

    private OperationContext(IAttempt attempt, string branch, OperationActivity activity)
    {
        (this.attempt, this.branch, this.activity) = (attempt, branch, activity);
        clock = new RecordedClock(ReadClock);
    }

    /// <summary>The operation's key. Hand it to called systems as an idempotency key: a call may be made more than once.</summary>
    public string Key => attempt.Key;

    /// <summary>Cancelled with the call of the operation.</summary>
    public CancellationToken CancellationToken => attempt.Token;

    /// <summary>The clock. Every reading is recorded, timestamps included. Its time zone is UTC. It makes no timers: use
    /// <see cref="DelayAsync"/>.</summary>
    public TimeProvider Clock => clock;

    /// <summary>Random numbers of this branch, derived from the operation's seed: the same in every attempt and replay, and not
    /// recorded one by one.</summary>
    public SeededRng Random
    {
        get
        {
            CheckUnused();
            return random ??= SeededRng.Guarded(() => attempt.Seed.Named("branch/" + branch).Named("random"), CheckUnused);
        }
    }

    /// <summary>A GUID (version 8), derived from the operation's seed, the branch and a count: the same in every attempt and
    /// replay.</summary>
    /// <returns>The GUID.</returns>
    public Guid NewGuid()
    {
        using var use = Use();
        var number = (++guids).ToString(System.Globalization.CultureInfo.InvariantCulture);
        return OperationGuid.Of(attempt.Seed.Named("branch/" + branch).Named("guid/" + number));
    }

    /// <summary>Waits. In replay the wait ends at once.</summary>
    /// <param name="time">The time to wait; not negative.</param>
    /// <param name="cancellationToken">Ends waiting.</param>
    /// <returns>A task that ends after the time.</returns>
    public async Task DelayAsync(TimeSpan time, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        using var use = Use();
        await attempt.DelayAsync(time, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A branch, for work beside other work. Its effects are recorded under its name, so that the speed of two branches does not
    /// matter.</summary>
    /// <param name="name">1 to 128 characters, no slash; unique in this branch. The same name gives the same branch.</param>
    /// <returns>The branch.</returns>
    /// <exception cref="ArgumentException">The name breaks a rule.</exception>
    public OperationContext Branch(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name.Length > 128 || name.Contains('/', StringComparison.Ordinal) || !IsWellFormed(name))
            throw new ArgumentException($"'{name}' is no name of a branch: 1 to 128 characters, no slash, whole characters.", nameof(name));
        Check();
        lock (branches)
        {
            if (!branches.TryGetValue(name, out var found))
                branches[name] = found = new OperationContext(attempt, branch.Length == 0 ? name : branch + "/" + name, activity);
            return found;
        }
    }

    /// <summary>Calls an outside system. The answer is durable before it is returned. In replay the answer comes from the record, and
    /// the function is not called.</summary>
    /// <typeparam name="TRequest">The request.</typeparam>
    /// <typeparam name="TAnswer">The answer.</typeparam>
    /// <param name="name">The name of the call, 1 to 256 UTF-8 bytes.</param>
    /// <param name="request">The request; recorded, and compared in replay.</param>
    /// <param name="requestType">The request's metadata.</param>
    /// <param name="call">Makes the call. It may run more than once for one operation: pass <see cref="Key"/> on.</param>
    /// <param name="answerType">The answer's metadata.</param>
    /// <param name="cancellationToken">Cancels the call, together with <see cref="CancellationToken"/>.</param>
    /// <returns>The answer as its codec reads it back.</returns>
    /// <exception cref="CallFailedException">The call threw, or its answer cannot be encoded. The failure is recorded.</exception>
    /// <exception cref="OperationTakenOverException">Another attempt was begun.</exception>
    /// <exception cref="InvalidOperationException">The branch is in use, or the operation has ended.</exception>
    public Task<TAnswer> CallAsync<TRequest, TAnswer>(
        string name,
        TRequest request,
        JsonTypeInfo<TRequest> requestType,
        Func<TRequest, CancellationToken, Task<TAnswer>> call,
        JsonTypeInfo<TAnswer> answerType,
        CancellationToken cancellationToken = default) =>
        CallAsync(name, request, CodecOf(requestType), call, CodecOf(answerType), cancellationToken);

    /// <summary>Calls an outside system, with codecs. Otherwise as with JSON metadata.</summary>
    /// <typeparam name="TRequest">The request.</typeparam>
    /// <typeparam name="TAnswer">The answer.</typeparam>
    /// <param name="name">The name of the call, 1 to 256 UTF-8 bytes.</param>
    /// <param name="request">The request; recorded, and compared in replay.</param>
    /// <param name="requests">The form of the request.</param>
    /// <param name="call">Makes the call. It may run more than once for one operation: pass <see cref="Key"/> on.</param>
    /// <param name="answers">The form of the answer.</param>
    /// <param name="cancellationToken">Cancels the call, together with <see cref="CancellationToken"/>.</param>
    /// <returns>The answer as its codec reads it back; live with the redacted values (<see cref="Codec{T}.WithRedaction"/>).</returns>
    /// <exception cref="CallFailedException">The call threw, or its answer cannot be encoded. The failure is recorded.</exception>
    /// <exception cref="OperationTakenOverException">Another attempt was begun.</exception>
    /// <exception cref="InvalidOperationException">The branch is in use, or the operation has ended.</exception>
    public async Task<TAnswer> CallAsync<TRequest, TAnswer>(
        string name,
        TRequest request,
        Codec<TRequest> requests,
        Func<TRequest, CancellationToken, Task<TAnswer>> call,
        Codec<TAnswer> answers,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requests);
        ArgumentNullException.ThrowIfNull(call);
        ArgumentNullException.ThrowIfNull(answers);
        Interop.CodecFunctions.TypeName(name);
        var asked = requests.Encode(request, Hidden);
        // Where something in the answer is redacted: what the journal does not have.
        (bool Is, TAnswer? Value) live = default;
        var got = await AskAsync(
            name,
            new CallRequest(asked, recorded => Repetition.IsSame(requests, recorded, asked), requests.MarkOf, answers.MarkOf),
            async token =>
            {
                var answer = await call(request, token).ConfigureAwait(false);
                var answered = answers.Encode(answer, Hidden);
                // What cannot be read back is a failure of the call, and recorded as one.
                live = (answered.IsRedacted, answers.ReadBack(answer, answered));
                return new CallAnswer(answered, null, answered.IsRedacted ? answered : null);
            },
            cancellationToken).ConfigureAwait(false);
        if (got.Failure is not null) throw got.Failure.ToException(name);
        return live.Is ? live.Value! : answers.Decode(got.Answer!);
    }

    /// <summary>The option under which a request tells a handler of a shared client its operation:
    /// <c>request.Options.Set(OperationContext.HttpOption, fx)</c>.</summary>
    public static HttpRequestOptionsKey<OperationContext> HttpOption { get; } = new("refold.operation");

    /// <summary>A handler for an <see cref="HttpClient"/> of this branch: every exchange is a recorded call named <c>http</c>, and in
    /// replay nothing is sent. See <see cref="OperationHttpHandler"/>.</summary>
    /// <param name="inner">What sends; default: a <see cref="SocketsHttpHandler"/> without redirects and cookies.</param>
    /// <param name="redact">What is not written: as for <see cref="OperationHttpHandler"/>.</param>
    /// <returns>The handler; disposed with its client.</returns>
    /// <exception cref="ArgumentException">An item of <paramref name="redact"/> is none of these.</exception>
    public OperationHttpHandler HttpHandler(HttpMessageHandler? inner = null, params string[] redact) => new(redact)
    {
        Operation = this,
        InnerHandler = inner ?? new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false },
    };

    /// <summary>What is not to be written of this operation.</summary>
    internal HiddenValues Hidden => attempt.Hidden;

    /// <summary>Calls something outside, for which bytes stand.</summary>
    internal async Task<CallAnswer> AskAsync(
        string name, CallRequest request, Func<CancellationToken, Task<CallAnswer>> call, CancellationToken cancellationToken)
    {
        using var use = Use();
        // Before anything is sent, and in replay too: what cannot be recorded would be asked for again and again.
        if (request.Encoded.Payload.Length > OperationEntry.MostValueBytes)
            throw new ArgumentException(OperationEntry.TooLong($"The request of the call '{name}'", request.Encoded), nameof(request));
        var place = new EffectPlace(branch, ++calls);
        return await attempt.CallAsync(place, name, request, InsideAsync, cancellationToken).ConfigureAwait(false);

        async Task<CallAnswer> InsideAsync(CancellationToken token)
        {
            Calling.Value = activity;
            return await call(token).ConfigureAwait(false);
        }
    }

    /// <summary>Decides a command in the operation's run. In replay nothing is decided: the command is compared with the recorded one, and
    /// the recorded outcome is returned.</summary>
    /// <typeparam name="TState">The state.</typeparam>
    /// <typeparam name="TCommand">The command.</typeparam>
    /// <typeparam name="TEvent">The event.</typeparam>
    /// <typeparam name="TError">The refusal.</typeparam>
    /// <param name="aggregate">The aggregate.</param>
    /// <param name="stream">One of its streams.</param>
    /// <param name="command">The command.</param>
    /// <param name="cancellationToken">Cancels the command until its step is made.</param>
    /// <returns>Events or a refusal, once they are durable. A command of an earlier attempt returns its recorded outcome.</returns>
    /// <exception cref="OperationTakenOverException">Another attempt was begun; nothing was appended.</exception>
    /// <exception cref="CallFailedException">Nothing was appended, and the run continues: decide, evolve or a codec threw, an earlier
    /// attempt gave another command in this place, or other writers came between too often. The failure is recorded.</exception>
    /// <exception cref="InvalidOperationException">The branch is in use, or the operation has ended.</exception>
    public async Task<ExecutionResult<TState, TEvent, TError>> ExecuteAsync<TState, TCommand, TEvent, TError>(
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        StreamId stream,
        TCommand command,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(aggregate);
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(command);
        using var use = Use();
        aggregate.Commands.Tell(command, Hidden);
        var place = new EffectPlace(branch, ++commands);
        return await attempt.ExecuteAsync(place, aggregate, stream, command, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The function has ended: whatever it asks for now is refused, and what it asked for and left running is waited for, so that
    /// its answers are recorded before the end.</summary>
    internal async Task EndAsync()
    {
        await activity.EndAsync().ConfigureAwait(false);
        EndRandom();
    }

    private void EndRandom()
    {
        random?.End();
        lock (branches)
        {
            foreach (var branch in branches.Values) branch.EndRandom();
        }
    }

    private DateTimeOffset ReadClock()
    {
        using var use = Use();
        return attempt.ReadClock(new EffectPlace(branch, ++readings));
    }

    private static bool IsWellFormed(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune == System.Text.Rune.ReplacementChar) return false;
        }

        return true;
    }

    private static Codec<T> CodecOf<T>(JsonTypeInfo<T> typeInfo)
    {
        ArgumentNullException.ThrowIfNull(typeInfo);
        return (Codec<T>)Codecs.GetValue(typeInfo, _ => Codec.Json(typeInfo, "json"));
    }
}
