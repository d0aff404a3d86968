"""Twenty texts of a school's life, and what people ask about each in other words."""

TEXTS = {
    "lunch": (
        "On Mondays the canteen serves vegetable soup, on Tuesdays pasta with tomato sauce "
        "and on Wednesdays rice with beans. Lunch starts at noon. Tell the kitchen about "
        "allergies."
    ),
    "bus": (
        "The school bus leaves the station at 7:20 and stops at the library and the old "
        "bridge. In the afternoon it goes back at 15:40. On Fridays the last bus is at 13:30."
    ),
    "homework": (
        "Homework is due at the start of the lesson. What is handed in one day late loses a "
        "tenth of its points; after three days it is not marked any more."
    ),
    "library": (
        "The library is open from eight to five. You may borrow six books for three weeks and "
        "renew them twice. A lost book has to be paid for."
    ),
    "phones": (
        "Mobile phones stay switched off in the bag during lessons. A phone that rings is "
        "kept in the office until the end of the day."
    ),
    "sports": (
        "Sports day is on the second Saturday in June. There are races, long jump and a relay "
        "for every class. Bring water, a hat and running shoes."
    ),
    "sick": (
        "If your child is ill, call the office before 8:00. After three days of illness a "
        "doctor's note is needed."
    ),
    "trip": (
        "Year nine goes on a trip to the mountains in September. It costs 180 in all, and the "
        "form signed by a parent must be back by the first of May."
    ),
    "music": (
        "The choir meets on Thursdays after school in the music room. Beginners are welcome; "
        "instruments can be borrowed for a year."
    ),
    "exams": (
        "Exams take place in the last two weeks of May. Calculators are allowed in "
        "mathematics and physics, dictionaries in none of the languages."
    ),
    "wifi": (
        "To use the wireless network, log in with your student number and your password. "
        "Passwords are reset at the computer help desk."
    ),
    "lockers": (
        "Each student gets a locker with a key in the first week. A lost key costs five "
        "euros. Lockers are emptied before the summer holidays."
    ),
    "uniform": (
        "There is no uniform, but clothes must be suitable for the workshop and the "
        "laboratory: closed shoes, and long hair tied back."
    ),
    "council": (
        "The student council is elected each October. Every class sends two speakers, who "
        "meet the head teacher once a month."
    ),
    "garden": (
        "The garden club looks after the vegetable beds and the bees. Honey is sold at the "
        "winter market."
    ),
    "fire": (
        "When the alarm sounds, leave everything, walk to the yard and stand with your class "
        "until you are counted. Do not use the lift."
    ),
    "bikes": (
        "Bicycles are locked to the racks behind the gym. The school does not pay for stolen "
        "or damaged bikes."
    ),
    "tutoring": (
        "Older students help younger ones with mathematics and reading on Tuesday and "
        "Thursday afternoons. Tutoring is free of charge."
    ),
    "marks": (
        "Reports with marks are given out in January and in July. Parents can ask to see the "
        "teacher about them in the following week."
    ),
    "lost": (
        "Things that were found lie in the blue box at the caretaker's. What nobody has "
        "fetched by the end of term is given to charity."
    ),
}

QUESTIONS = {
    "What's for lunch on Tuesday?": "lunch",
    "Whom do I tell about a nut allergy?": "lunch",
    "When does the bus leave in the morning?": "bus",
    "What time is the last bus home on Friday?": "bus",
    "How many points do I lose for late homework?": "homework",
    "How long may I borrow a book?": "library",
    "Can I renew library books?": "library",
    "What happens if my phone rings in a lesson?": "phones",
    "What should I bring to sports day?": "sports",
    "My son is ill, do you need a note from the doctor?": "sick",
    "How much does the trip to the mountains cost?": "trip",
    "When must the signed form be back?": "trip",
    "Can beginners join the choir?": "music",
    "Are calculators allowed in the maths exam?": "exams",
    "I forgot my password for the network": "wifi",
    "I lost the key of my locker": "lockers",
    "Do we have to wear a uniform?": "uniform",
    "Who is elected to the student council?": "council",
    "Where can I buy the honey of your bees?": "garden",
    "What do I do when the fire alarm sounds?": "fire",
    "Where can I lock my bicycle?": "bikes",
    "Is tutoring free?": "tutoring",
    "When are reports with our marks given out?": "marks",
    "I left my jacket somewhere, where are found things kept?": "lost",
    "Somebody stole my bike": "bikes",
    "Which shoes are right for the laboratory?": "uniform",
}
