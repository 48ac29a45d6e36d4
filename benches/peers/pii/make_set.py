"""Makes labelled texts that nobody has seen, in presidio-research's JSON form.

    python make_set.py OUT.json SEED [COUNT] [--locale en_US]     # presidio-evaluator's templates and people
    python make_set.py OUT.json SEED [COUNT] --own LOCALE,...     # our templates, Faker's people and addresses

The first form draws as the project of presidio-research does: the same templates, other people,
addresses and numbers for every seed. The second shares nothing with it but Faker.
"""
import json
import random
import re
import sys
import warnings

warnings.simplefilter("ignore")

OWN = """\
My name is {{person}} and I live at {{address}}.
hi, this is {{person}}. can you write a cover letter for me? my phone is {{phone}}
Dear {{person}},\\n\\nthank you for your letter. We will send the parcel to {{address}}.\\n\\nKind regards,\\n{{first}}
Please proofread: "{{person}} has worked with us since 2019. Contact: {{email}}"
{{first}} and I broke up last week and I do not know what to do.
My boss {{person}} keeps calling me at {{phone}} after work.
Name: {{person}}\\nAddress: {{address}}\\nPhone: {{phone}}
{{person}}\\n{{address}}
I told {{first}} that {{first}} would be there at noon.
Is it rude to ask Mr. {{last}} for a raise?
Dr. {{last}} said the results are fine, but {{first}} disagrees.
Translate to German: {{person}} was born in 1980.
We moved from {{address}} last year.
From: {{person}} <{{email}}>\\nSubject: invoice\\n\\nHello {{first}}, please pay.
Summarise the meeting: {{person}} opened it, {{person}} took notes, and {{person}} left early.
My daughter {{first}} is afraid of the dark. What helps?
the customer {{person}} can be reached under {{phone}} or {{email}}
Write a poem for my husband {{first}}.
What should I say to {{person}}'s family at the funeral?
Ship to:\\n{{person}}\\n{{address}}\\n\\nBill to the same.
Explain how photosynthesis works in simple terms.
Write a Python function that sorts a list of words by length.
Best,\\n{{person}}\\n{{phone}}
I need a birthday message for {{first}}, who lives on {{street}}.
Can you fix the grammar? "Me and {{person}} goes to the park every Sunday."
If {{first}} has three apples and gives one away, how many are left?
Why did the Roman Empire fall?
Patient: {{person}}\\nReferred by: Dr. {{last}}\\nComplains of headaches.
They arrested {{person}} outside of {{address}} yesterday.
""".splitlines()


def own(seed, count, locales):
    from faker import Faker

    Faker.seed(seed)
    rng = random.Random(seed)
    fakes = [Faker(locale) for locale in locales]
    samples = []
    for _ in range(count):
        fake = rng.choice(fakes)
        template_id = rng.randrange(len(OWN))
        text, spans = "", []
        for part in re.split(r"({{\w+}})", OWN[template_id].replace("\\n", "\n")):
            kind = part.strip("{}") if part.startswith("{{") else None
            if kind is None:
                text += part
                continue
            value, label = {
                "person": (lambda: f"{fake.first_name()} {fake.last_name()}", "PERSON"),
                "first": (fake.first_name, "PERSON"),
                "last": (fake.last_name, "PERSON"),
                "address": (fake.address, "STREET_ADDRESS"),
                "street": (fake.street_name, "STREET_ADDRESS"),
                "phone": (fake.phone_number, "PHONE_NUMBER"),
                "email": (fake.email, "EMAIL_ADDRESS"),
            }[kind]
            value = value()
            spans.append({"entity_type": label, "entity_value": value,
                          "start_position": len(text), "end_position": len(text) + len(value)})
            text += value
        samples.append({"full_text": text, "spans": spans, "template_id": template_id})
    return samples


def presidio(seed, count, locale):
    from presidio_evaluator.data_generator import PresidioSentenceFaker

    random.seed(seed)
    maker = PresidioSentenceFaker(locale, lower_case_ratio=0.05, random_seed=seed)
    samples = []
    for sample in maker.generate_new_fake_sentences(num_samples=count):
        spans = [{"entity_type": s.entity_type, "entity_value": s.entity_value,
                  "start_position": s.start_position, "end_position": s.end_position} for s in sample.spans]
        samples.append({"full_text": sample.full_text, "spans": spans, "template_id": sample.template_id})
    return samples


if __name__ == "__main__":
    words = sys.argv[1:]
    option = {words[i]: words[i + 1] for i in range(len(words) - 1) if words[i].startswith("--")}
    plain = [w for i, w in enumerate(words) if not w.startswith("--") and (i == 0 or not words[i - 1].startswith("--"))]
    out, seed, count = plain[0], int(plain[1]), int(plain[2]) if len(plain) > 2 else 1500
    made = own(seed, count, option["--own"].split(",")) if "--own" in option else presidio(
        seed, count, option.get("--locale", "en_US"))
    # A few labels of the generator miss their text by a character; such texts are left out.
    right = [s for s in made if all(
        s["full_text"][x["start_position"]:x["end_position"]] == x["entity_value"] for x in s["spans"])]
    dropped, made = len(made) - len(right), right
    with open(out, "w", encoding="utf-8") as file:
        json.dump(made, file, ensure_ascii=False)
    print(f"{out}: {len(made)} texts, {sum(len(s['spans']) for s in made)} spans, {dropped} texts left out")
