// Where null may stand among the items of collections: the serializer asks the annotations of members, not those of items.
// Made by NullRules, one for each place of a type; asked by JsonForm.
using System.Collections;

namespace Refold;

/// <summary>What is asked of a value at a place.</summary>
internal class NullRule
{
    /// <summary>Whether something in a value of the place must not be null.</summary>
    public bool IsNeeded { get; set; }

    /// <summary>The rules of the places in it.</summary>
    public virtual IEnumerable<NullRule> Parts => [];

    /// <summary>Refuses nulls where none may be.</summary>
    /// <exception cref="FormatException">There is one.</exception>
    public virtual void Require(object value, string place)
    {
    }
}

/// <summary>A sequence or a set.</summary>
internal sealed class NullRuleOfItems(bool mayBeNull) : NullRule
{
    /// <summary>The rule of an item; set once it is found, since a collection may contain itself.</summary>
    public NullRule Item { get; set; } = new();

    public override IEnumerable<NullRule> Parts => [Item];

    public override void Require(object value, string place)
    {
        foreach (var element in (IEnumerable)value) RequireItem(element, place);
    }

    private void RequireItem(object? element, string place)
    {
        if (element is not null && Item.IsNeeded) Item.Require(element, place + "[]");
        if (element is null && !mayBeNull)
            throw new FormatException($"null may not stand in {(place.Length == 0 ? "it" : place.TrimStart('.'))}");
    }
}

/// <summary>A dictionary, by its values.</summary>
internal sealed class NullRuleOfValues(NullRuleOfItems items) : NullRule
{
    public override IEnumerable<NullRule> Parts => [items];

    public override void Require(object value, string place)
    {
        if (value is IDictionary dictionary) items.Require(dictionary.Values, place);
        else if (value.GetType().GetProperty("Values")?.GetValue(value) is IEnumerable values) items.Require(values, place);
    }
}

/// <summary>An object, by its members; where the type is polymorphic, by those of the type that the value has.</summary>
internal sealed class NullRuleOfMembers(Type type) : NullRule
{
    private readonly List<(string Name, Func<object, object?> Get, NullRule Rule)> members = [];
    private readonly Dictionary<Type, NullRule> derived = [];

    public override IEnumerable<NullRule> Parts => members.Select(member => member.Rule).Concat(derived.Values);

    public void Add(string name, Func<object, object?> get, NullRule rule) => members.Add((name, get, rule));

    public void Add(Type derivedType, NullRule rule) => derived[derivedType] = rule;

    public override void Require(object value, string place)
    {
        if (value.GetType() != type && derived.TryGetValue(value.GetType(), out var own))
        {
            if (own.IsNeeded) own.Require(value, place);
            return;
        }

        foreach (var (name, get, rule) in members)
            if (rule.IsNeeded && get(value) is { } member) rule.Require(member, place + "." + name);
    }
}
